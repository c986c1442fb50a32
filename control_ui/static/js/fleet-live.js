// Asks every second what has changed, and puts it on the page: nothing is asked while nobody looks.
import * as filter from "./fleet-filter.js";
import { paint, sites } from "./fleet-sites.js";

const EVERY_MS = 1200;
const PATIENCE_MS = 10000;
const address = document.getElementById("fleet-filters").dataset.state;
const light = document.getElementById("fleet-live");

let last = { query: null, etag: "", fault: false };
let next = 0;
let asking = null;

export function start() {
  document.addEventListener("fleet:ask", () => ask());
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  ask();
}

/** Now, and then again and again. A question that is under way is given up for a newer one. */
async function ask() {
  clearTimeout(next);
  asking?.abort();
  const mine = (asking = new AbortController());
  const overdue = setTimeout(() => mine.abort(), PATIENCE_MS);
  try {
    await answered(filter.query(), mine.signal);
    show(true);
  } catch {
    if (asking === mine) show(false);
  }
  clearTimeout(overdue);
  if (asking === mine && !document.hidden) next = setTimeout(ask, EVERY_MS);
}

async function answered(query, signal) {
  if (query === last.query && last.fault) return; // it is as wrong as before
  const headers = { Accept: "application/json", "HX-Request": "true" };
  if (query === last.query) headers["If-None-Match"] = last.etag;
  const where = query ? `${address}?${new URLSearchParams({ query })}` : address;
  const response = await fetch(where, { headers, signal, cache: "no-store" });
  if (response.status === 304) return;
  if (response.status === 204) return location.reload(); // signed out
  if (response.status === 422) {
    const problem = await response.json();
    filter.answer(query, [], `${problem.detail}.`);
    last = { query, etag: "", fault: true };
  } else if (response.ok) {
    take(query, await response.json());
    last = { query, etag: response.headers.get("ETag"), fault: false };
  } else throw new Error(`the control plane answered ${response.status}`);
  filter.apply();
}

function take(query, state) {
  let strangers = 0;
  for (const row of state.sites) {
    const site = sites.get(row[0]);
    if (!site) strangers += 1;
    else update(site, row, state.templates);
  }
  filter.answer(query, state.sites.map(([id]) => id));
  if (!query) document.getElementById("fleet-news").hidden = !strangers && state.sites.length === sites.size;
}

function update(site, [, status, since, reasons, config, wanted, template, release, held], templates) {
  const now = {
    status, held, since: String(since), reasons: reasons.join("; "), config: String(config ?? "none"),
    wanted: String(wanted ?? ""), template: String(template ?? "none"), templateName: templates[template] ?? "",
    release: release || "none",
  };
  if (Object.entries(now).every(([name, value]) => site[name] === value)) return;
  Object.assign(site, now);
  paint(site);
}

let since = new Date();

function show(well) {
  if (well) since = new Date();
  light.hidden = false;
  light.classList.toggle("away", !well);
  const words = well ? "Live" : `Not live: as it was at ${since.toLocaleTimeString([], { hour12: false })}. Trying again.`;
  const word = light.querySelector(".word");
  if (word.textContent !== words) word.textContent = words;
}
