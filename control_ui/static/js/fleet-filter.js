// Which sites are shown: the same as services/fleet/filters.py, but at once, and the address says it.
import { differs, plural, root, sites } from "./fleet-sites.js";

const FACETS = ["tenant", "region", "ring", "template", "config", "release"];
const form = document.getElementById("fleet-filters");
const fault = document.getElementById("query-fault");
const WRITING = "input:not([type=checkbox]), textarea, select, dialog";
const DEFAULTS = { by: "region", columns: form.dataset.columns };

/** Ids that the label query finds, null without one. Only the control plane can tell (fleet-live.js asks it). */
let among = null;
let answered = query() ? null : "";
let waiting = 0;

export function query() {
  return form.elements.query.value.trim();
}

export function start() {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", ({ target }) => {
    if (target.name === "by" || target.name === "column") location.assign(address());
    else if (target.name === "query") askSoon();
    else apply();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-clear]")) return;
    event.preventDefault();
    clear();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest(WRITING) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    form.elements.q.focus();
  });
  document.addEventListener("click", ({ target }) => closeMenus((menu) => !menu.contains(target)));
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !event.target.closest("details.menu[open]")) return;
    event.preventDefault(); // what was entered stays
    closeMenus((menu) => menu.contains(event.target));
  });
  linkOn();
}

/** Menus are closed by a click beside them, and by Escape, which leads back to what opened them. */
function closeMenus(which) {
  for (const menu of form.querySelectorAll("details.menu[open]")) {
    if (!which(menu)) continue;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
}

function askSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => document.dispatchEvent(new CustomEvent("fleet:ask")), 250);
}

/** What the control plane says of the label query: the ids it finds, or what is wrong with it. */
export function answer(asked, ids, words = "") {
  if (asked !== query()) return;
  answered = asked;
  among = asked ? new Set(ids) : null;
  fault.hidden = !words;
  if (fault.textContent !== words) fault.textContent = words;
  form.elements.query.toggleAttribute("aria-invalid", Boolean(words));
  if (words) form.elements.query.setAttribute("aria-invalid", "true");
}

function clear() {
  for (const field of form.elements) {
    if (field.name === "status") field.checked = false;
    else if (field.name === "q" || field.name === "query" || FACETS.includes(field.name)) field.value = "";
  }
  answer("", []);
  apply();
  document.dispatchEvent(new CustomEvent("fleet:ask"));
  form.elements.q.focus();
}

/** Show what fits, count it, and say so in the address. */
export function apply() {
  if (query() !== answered) return; // it is being asked; what is shown stays until then
  const wanted = read();
  const counts = { held: 0 };
  let shown = 0;
  for (const site of sites.values()) {
    const admitted = admits(site, wanted);
    if (admitted) {
      counts[site.status] = (counts[site.status] ?? 0) + 1;
      counts.held += site.held ? 1 : 0;
    }
    site.shown = admitted && isInStatus(site, wanted.statuses);
    if (site.element.hidden === site.shown) site.element.hidden = !site.shown;
    shown += site.shown ? 1 : 0;
  }
  tell(counts, shown);
  history.replaceState(history.state, "", address());
  linkOn();
  document.dispatchEvent(new CustomEvent("fleet:shown"));
}

function read() {
  const given = new FormData(form);
  return {
    words: given.get("q").toLowerCase().split(/\s+/).filter(Boolean),
    statuses: new Set(given.getAll("status")),
    facets: FACETS.map((name) => [name, given.get(name)]).filter(([, value]) => value),
  };
}

function admits(site, { words, facets }) {
  return (
    (!among || among.has(site.id)) &&
    facets.every(([name, value]) => (name === "config" && value === "differs" ? differs(site) : site[name] === value)) &&
    words.every((word) => site.said.includes(word))
  );
}

const isInStatus = (site, statuses) => !statuses.size || statuses.has(site.status) || (statuses.has("held") && Boolean(site.held));

function tell(counts, shown) {
  for (const place of form.querySelectorAll("[data-count]")) put(place, counts[place.dataset.count] ?? 0);
  const narrowed = shown !== sites.size;
  put(document.getElementById("fleet-shown"), narrowed ? `${shown} of ${plural(sites.size, "site")}` : plural(sites.size, "site"));
  document.getElementById("fleet-none").hidden = shown > 0;
  document.getElementById("fleet-clear").hidden = !isNarrowed();
  const more = form.querySelector("[data-more]");
  put(more, ["template", "config", "release", "query"].filter((name) => form.elements[name].value.trim()).length);
  more.hidden = more.textContent === "0";
  for (const group of root.querySelectorAll("[data-group]")) {
    const count = group.querySelectorAll("[data-site]:not([hidden])").length;
    put(group.querySelector("[data-group-count]"), count);
    group.hidden = count === 0;
  }
}

function put(place, words) {
  if (place.textContent !== String(words)) place.textContent = words;
}

function isNarrowed() {
  const given = new FormData(form);
  return ["q", "query", "status", ...FACETS].some((name) => given.get(name));
}

/** This page's address with what is chosen. What is as by default is left out. */
function address() {
  const given = new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim()));
  if (given.get("by") === DEFAULTS.by) given.delete("by");
  if (given.getAll("column").join() === DEFAULTS.columns) given.delete("column");
  return `${location.pathname}${given.size ? `?${given}` : ""}`;
}

/** Links that change one thing keep the rest. */
function linkOn() {
  for (const link of document.querySelectorAll("a[data-set]")) {
    const given = new URLSearchParams(location.search);
    const [name, value] = link.dataset.set.split("=");
    given.set(name, value);
    link.href = `${location.pathname}?${given}`;
  }
}
