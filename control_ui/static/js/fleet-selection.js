// Choosing sites: by click, by Shift and click from one to another, by keyboard, all that are shown. The bar below says
// how many, and what can be done with them. What is chosen stays chosen from one view to the next.
import { address, root, shownSites, siteOf, sites, plural } from "./fleet-sites.js";
import * as tiles from "./fleet-tiles.js";

const KEPT = "fleet-chosen";
const bar = document.getElementById("fleet-bulk");
const all = document.getElementById("pick-all");
const chosen = new Set();
let anchor = null;

export function start() {
  tiles.start(bar ? { toggle, extend, everything, nothing } : null);
  if (!bar) return;
  for (const id of JSON.parse(sessionStorage.getItem(KEPT) ?? "[]")) if (sites.has(id)) chosen.add(id);
  for (const button of bar.querySelectorAll("[data-all], [data-none]")) button.hidden = false;
  bar.querySelector("[data-all]").addEventListener("click", everything);
  bar.querySelector("[data-none]").addEventListener("click", nothing);
  root.addEventListener("click", (event) => event.target.matches(".pick input") && picked(event));
  document.addEventListener("fleet:shown", show);
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr.getResponseHeader("HX-Redirect")) sessionStorage.removeItem(KEPT); // it is done
  });
  if (all) {
    all.hidden = false;
    all.addEventListener("change", () => (all.checked ? everything() : nothing()));
  }
  show();
}

function picked(event) {
  const site = siteOf(event.target);
  if (event.shiftKey && anchor) extend(site);
  else toggle(site);
}

/** Choose a site, or let it go; from here the next range begins. */
export function toggle(site) {
  if (!chosen.delete(site.id)) chosen.add(site.id);
  anchor = site;
  show();
}

/** Choose all from the last one to this one, among those that are shown. */
export function extend(site) {
  const order = shownSites();
  const [from, to] = [order.indexOf(anchor ?? site), order.indexOf(site)].sort((one, other) => one - other);
  for (const each of order.slice(Math.max(from, 0), to + 1)) chosen.add(each.id);
  anchor ??= site;
  show();
}

/** Choose all of these; or let them go, where all of them are chosen already. */
export function together(some) {
  const letGo = some.every((site) => chosen.has(site.id));
  for (const site of some) chosen[letGo ? "delete" : "add"](site.id);
  anchor = some.at(-1);
  show();
}

export function everything() {
  for (const site of shownSites()) chosen.add(site.id);
  show();
}

export function nothing() {
  chosen.clear();
  anchor = null;
  show();
}

function show() {
  for (const site of sites.values()) mark(site, chosen.has(site.id));
  const shown = shownSites();
  const hidden = [...chosen].filter((id) => !sites.get(id).shown).length;
  bar.hidden = chosen.size === 0;
  bar.querySelector("[data-chosen]").textContent = words();
  bar.querySelector("[data-chosen-more]").textContent = hidden ? `${hidden} of them not shown by the filter` : "";
  bar.querySelector("[data-all]").textContent = `Select all ${shown.length} shown`;
  bar.querySelector("[data-all]").hidden = shown.every((site) => chosen.has(site.id));
  document.getElementById("fleet-ids").value = [...chosen].join(",");
  if (all) {
    const picked = shown.filter((site) => chosen.has(site.id)).length;
    all.checked = picked > 0 && picked === shown.length;
    all.indeterminate = picked > 0 && picked < shown.length;
  }
  sessionStorage.setItem(KEPT, JSON.stringify([...chosen]));
  document.dispatchEvent(new CustomEvent("fleet:chosen"));
}

/** One is called by its name, and can be opened: a finger has no double click. */
function words() {
  const open = bar.querySelector("[data-open]");
  open.hidden = chosen.size !== 1;
  if (chosen.size !== 1) return `${plural(chosen.size, "site")} selected`;
  const site = sites.get([...chosen][0]);
  open.href = address(site);
  return `${site.name} selected (${site.status})`;
}

function mark(site, is) {
  const box = site.element.querySelector(".pick input");
  if (box && box.checked !== is) box.checked = is;
  if (site.element.classList.contains("chosen") === is) return;
  site.element.classList.toggle("chosen", is);
  if (site.element.role === "option") site.element.setAttribute("aria-selected", String(is));
}
