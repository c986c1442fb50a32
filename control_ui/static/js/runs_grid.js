// A grid of hosts: filled live, narrowed by state and by name, walked through with the arrow keys.
//
// <section data-grid data-cells="address of {ended, legend, cells}"> holds .cell links in the order of `cells`,
// [data-counts] with links [data-filter], an input [data-find], and a line [data-readout].

const EVERY_MS = 1000;
const AWAY_MS = 5000;

for (const root of document.querySelectorAll("[data-grid]")) start(root);

function start(root) {
  const cells = [...root.querySelectorAll("li > .cell")];
  const grid = { root, cells, text: "", state: wantedOf(root), at: 0 };
  const find = root.querySelector("[data-find]");
  if (find) {
    find.closest("[hidden]")?.removeAttribute("hidden");
    find.addEventListener("input", () => { grid.text = find.value.trim().toLowerCase(); narrow(grid); });
  }
  root.querySelector("[data-counts]")?.addEventListener("click", (event) => choose(grid, event));
  root.addEventListener("keydown", (event) => walk(grid, event));
  root.addEventListener("click", (event) => open(event));
  root.addEventListener("focusin", (event) => read(grid, event.target));
  root.addEventListener("pointerover", (event) => read(grid, event.target));
  cells.forEach((cell, place) => { cell.tabIndex = place ? -1 : 0; });
  narrow(grid);
  if (root.dataset.cells) poll(grid);
}

function wantedOf(root) {
  return root.querySelector("[data-counts] [aria-current]")?.dataset.filter ?? "";
}

// ---- Live -----------------------------------------------------------------------------------------------------------

async function poll(grid) {
  let wait = EVERY_MS;
  if (!document.hidden) {
    try {
      const answer = await fetch(grid.root.dataset.cells, { headers: { "HX-Request": "true" } });
      if (answer.status === 204) location.reload(); // signed out
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const told = await answer.json();
      fill(grid, told);
      if (told.ended) return;
    } catch (error) {
      console.info("The grid is asked for again later:", error.message); // page.js tells that the control plane is away
      wait = AWAY_MS;
    }
  }
  setTimeout(() => poll(grid), wait);
}

function fill(grid, told) {
  const last = `${told.legend} ${told.cells}`; // the same characters mean something else with another legend
  if (last === grid.last) return;
  grid.last = last;
  const counts = {};
  grid.cells.forEach((cell, place) => {
    const state = told.legend[parseInt(told.cells[place], 36)];
    counts[state] = (counts[state] || 0) + 1;
    if (cell.dataset.state === state) return;
    cell.dataset.state = state;
    cell.title = `${nameOf(cell)}: ${state}`;
  });
  for (const link of grid.root.querySelectorAll("[data-counts] [data-filter]")) {
    const state = link.dataset.filter;
    const number = state ? counts[state] || 0 : grid.cells.length;
    link.querySelector("[data-number]").textContent = number;
    if (state) link.parentElement.hidden = !number && state !== grid.state;
  }
  if (grid.state) narrow(grid);
}

function nameOf(cell) {
  return cell.title.slice(0, cell.title.lastIndexOf(": "));
}

// ---- Narrowed -------------------------------------------------------------------------------------------------------

function choose(grid, event) {
  const link = event.target.closest("[data-filter]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  grid.state = link.dataset.filter;
  for (const one of grid.root.querySelectorAll("[data-filter]")) {
    if (one === link) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
  history.replaceState(null, "", link.href);
  narrow(grid);
}

function narrow(grid) {
  let shown = 0;
  for (const cell of grid.cells) {
    const fits = (!grid.state || cell.dataset.state === grid.state)
      && (!grid.text || nameOf(cell).toLowerCase().includes(grid.text));
    cell.parentElement.hidden = !fits;
    shown += fits;
  }
  const readout = grid.root.querySelector("[data-readout]");
  if (readout && (grid.state || grid.text)) readout.textContent = `${shown} of ${grid.cells.length} shown.`;
  const current = grid.cells[grid.at];
  if (!current || current.parentElement.hidden) moveTo(grid, grid.cells.findIndex((cell) => !cell.parentElement.hidden), false);
}

// ---- By keyboard ------------------------------------------------------------------------------------------------------

function walk(grid, event) {
  const from = grid.cells.indexOf(event.target);
  if (from < 0) return;
  const shown = grid.cells.filter((cell) => !cell.parentElement.hidden);
  const place = shown.indexOf(event.target);
  const to = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: shown.length - 1,
    ArrowDown: across(shown, place, 1), ArrowUp: across(shown, place, -1) }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const target = shown[Math.min(shown.length - 1, Math.max(0, to))];
  moveTo(grid, grid.cells.indexOf(target), true);
}

// The cell above or below: the nearest one of the next line, whatever the width of the page makes a line.
function across(shown, place, step) {
  const { top, left } = shown[place].getBoundingClientRect();
  for (let at = place + step; at >= 0 && at < shown.length; at += step) {
    const box = shown[at].getBoundingClientRect();
    if (box.top !== top && (step > 0 ? box.left >= left : box.left <= left)) return at;
  }
  return step > 0 ? shown.length - 1 : 0;
}

function moveTo(grid, place, focus) {
  if (place < 0) return;
  if (grid.cells[grid.at]) grid.cells[grid.at].tabIndex = -1;
  grid.at = place;
  grid.cells[place].tabIndex = 0;
  if (focus) grid.cells[place].focus();
}

// ---- One host ---------------------------------------------------------------------------------------------------------

function read(grid, target) {
  const readout = grid.root.querySelector("[data-readout]");
  if (readout && target.matches?.("li > .cell")) readout.textContent = target.title;
}

// In a dialog, so that the grid stays where it was; with a modifier as any link.
function open(event) {
  const cell = event.target.closest("li > .cell");
  if (!cell || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  htmx.ajax("GET", cell.getAttribute("href"), { source: cell, target: "#dialog-content" });
}
