// The grid by mouse and keyboard. One tile can be reached by Tab, the others from there by arrow keys.
import { root, shownSites, siteOf, sites } from "./fleet-sites.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
let current = null;
let choice = null;

/** `choose` has toggle, extend, everything and nothing; null for people who may only look: their tiles are links. */
export function start(choose) {
  if (root.dataset.view !== "grid") return;
  choice = choose;
  for (const { element } of sites.values()) element.tabIndex = -1;
  if (choice) asListbox();
  root.addEventListener("keydown", pressed);
  root.addEventListener("click", clicked);
  root.addEventListener("dblclick", (event) => open(siteOf(event.target)));
  root.addEventListener("focusin", (event) => siteOf(event.target) && stopAt(siteOf(event.target)));
  document.addEventListener("fleet:shown", () => current?.shown || stopAt(shownSites()[0]));
  stopAt(shownSites()[0]);
}

function asListbox() {
  for (const tiles of root.querySelectorAll(".tiles")) {
    tiles.role = "listbox";
    tiles.setAttribute("aria-multiselectable", "true");
  }
  for (const { element } of sites.values()) {
    element.role = "option";
    element.setAttribute("aria-selected", "false");
  }
}

/** Tab leads here. */
function stopAt(site) {
  if (current) current.element.tabIndex = -1;
  current = site ?? null;
  if (current) current.element.tabIndex = 0;
}

function clicked(event) {
  const site = siteOf(event.target);
  if (!choice || !site || event.ctrlKey || event.metaKey) return; // as any link: a new tab
  event.preventDefault();
  if (event.shiftKey) choice.extend(site);
  else choice.toggle(site);
}

function open(site) {
  if (site) location.assign(site.element.href);
}

function pressed(event) {
  const site = siteOf(event.target);
  if (!site || event.altKey) return;
  const next = neighbour(site, event.key);
  if (next) {
    event.preventDefault();
    if (event.shiftKey) choice?.extend(site);
    next.element.focus();
    if (event.shiftKey) choice?.extend(next);
  } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    open(site);
  } else if (choice) chooseBy(event, site);
}

function chooseBy(event, site) {
  if (event.key === " ") choice.toggle(site);
  else if (event.key === "a" && (event.ctrlKey || event.metaKey)) choice.everything();
  else if (event.key === "Escape") choice.nothing();
  else return;
  event.preventDefault();
}

function neighbour(site, key) {
  const order = shownSites();
  if (key in STEPS) return order[order.indexOf(site) + STEPS[key]];
  if (key === "Home") return order[0];
  if (key === "End") return order.at(-1);
  return key === "ArrowUp" || key === "ArrowDown" ? inNextRow(site, order, key === "ArrowDown" ? 1 : -1) : null;
}

/** The nearest tile of the row above or below. */
function inNextRow(site, order, direction) {
  const here = site.element.getBoundingClientRect();
  const places = order.map((each) => ({ each, box: each.element.getBoundingClientRect() }));
  const beyond = places.filter(({ box }) => (box.top - here.top) * direction > 1);
  if (!beyond.length) return null;
  const row = direction > 0 ? Math.min(...beyond.map(({ box }) => box.top)) : Math.max(...beyond.map(({ box }) => box.top));
  const inRow = beyond.filter(({ box }) => Math.abs(box.top - row) < 1);
  const away = ({ box }) => Math.abs(box.left - here.left);
  return inRow.reduce((best, place) => (away(place) < away(best) ? place : best)).each;
}
