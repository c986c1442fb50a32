// The output of a run: its end, then what is printed from now on, until it is over.

const EVERY_MS = 1000;
const AWAY_MS = 5000;
const MOST_LINES = 5000;

for (const root of document.querySelectorAll("[data-output]")) start(root);

function start(root) {
  const box = root.querySelector("[data-lines]");
  const follow = root.querySelector("[data-follow]");
  const view = { address: root.dataset.output, box, follow, next: null, slices: new Set(), empty: true };
  box.addEventListener("scroll", () => {
    if (!atEnd(box) && !view.moving) follow.checked = false;
  });
  follow.addEventListener("change", () => { if (follow.checked) toEnd(view); });
  go(view);
}

async function go(view) {
  let wait = EVERY_MS;
  if (!document.hidden || view.next === null) {
    try {
      const after = view.next === null ? "" : `?after=${encodeURIComponent(view.next)}`;
      const answer = await fetch(view.address + after, { headers: { "HX-Request": "true" } });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const told = await answer.json();
      add(view, told.lines);
      const first = view.next === null;
      view.next = told.next;
      if (told.ended) return ended(view, first);
      view.follow.closest("[hidden]")?.removeAttribute("hidden");
      if (told.lines.length >= 500) wait = 0;
    } catch (error) {
      console.info("The output is asked for again later:", error.message);
      wait = AWAY_MS;
    }
  }
  setTimeout(() => go(view), wait);
}

function add(view, lines) {
  if (view.empty && lines.length) view.box.replaceChildren();
  if (lines.length) view.empty = false;
  const added = document.createDocumentFragment();
  for (const [slice, text] of lines) {
    view.slices.add(slice);
    const line = document.createElement("span");
    line.className = `line ${kindOf(text)}`;
    line.textContent = `${view.slices.size > 1 ? `${slice}│ ` : ""}${text}\n`;
    added.append(line);
  }
  view.box.append(added);
  while (view.box.childElementCount > MOST_LINES) view.box.firstElementChild.remove();
  if (lines.length && view.follow.checked) toEnd(view);
}

// Ansible begins the line of a host with its outcome.
function kindOf(text) {
  const word = /^\s*(ok|changed|fatal|failed|skipping|TASK|PLAY)\b/.exec(text)?.[1];
  if (word === "TASK" || word === "PLAY") return "heading";
  return { fatal: "bad", failed: "bad", changed: "changed" }[word] ?? "";
}

function ended(view, first) {
  view.follow.closest("label").hidden = true;
  if (view.empty) view.box.textContent = first ? "Nothing was printed, or it is not kept any more." : "Nothing was printed.";
}

function atEnd(box) {
  return box.scrollHeight - box.scrollTop - box.clientHeight < 40;
}

function toEnd(view) {
  view.moving = true;
  view.box.scrollTop = view.box.scrollHeight;
  requestAnimationFrame(() => { view.moving = false; });
}
