// The list of what is not well, beside the grid: rows are copies of the template that the page holds.
import { address, date, refreshTimes, shownSites, TONES } from "./fleet-sites.js";

const MOST = 60;
const list = document.getElementById("fleet-trouble");
let before = null;

export function start() {
  if (list) document.addEventListener("fleet:shown", show);
}

function show() {
  const found = shownSites().filter((site) => site.status === "offline" || site.status === "degraded");
  found.sort((one, other) => (other.status === "offline") - (one.status === "offline") || other.since - one.since);
  const now = found.map((site) => `${site.id} ${site.status} ${site.since} ${site.reasons}`).join("\n");
  if (now === before) return;
  before = now;
  list.querySelector("[data-trouble-count]").textContent = found.length;
  list.querySelector("[data-trouble-none]").hidden = found.length > 0;
  list.querySelector("[data-trouble-more]").hidden = found.length <= MOST;
  const focused = document.activeElement?.closest("#fleet-trouble a")?.getAttribute("href");
  list.querySelector(".rows").replaceChildren(...found.slice(0, MOST).map(row));
  refreshTimes(list);
  if (focused) list.querySelector(`a[href="${focused}"]`)?.focus();
}

function row(site) {
  const copy = list.querySelector("template").content.firstElementChild.cloneNode(true);
  const link = copy.querySelector("a");
  link.textContent = site.name;
  link.href = address(site);
  copy.querySelector(".tag").className = `tag ${TONES[site.status]}`;
  copy.querySelector(".word").textContent = site.status;
  copy.querySelector(".why").textContent = site.reasons;
  date(copy.querySelector("time"), site);
  return copy;
}
