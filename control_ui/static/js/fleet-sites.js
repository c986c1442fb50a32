// The sites as they stand on the page: one object for each, with the element that shows it.

export const TONES = { online: "good", degraded: "warn", offline: "bad", "never seen": "none" };
export const WORST_FIRST = ["offline", "degraded", "never seen", "online"];

export const root = document.getElementById("fleet-sites");

/** Device id to site, in the order of the page. */
export const sites = new Map();

for (const element of root.querySelectorAll("[data-site]")) {
  const site = { element, shown: !element.hidden, ...element.dataset, id: Number(element.dataset.site) };
  site.said = `${site.name} ${site.device} ${site.place} ${site.address}`.toLowerCase();
  sites.set(site.id, site);
}

export const siteOf = (element) => sites.get(Number(element?.closest("[data-site]")?.dataset.site));
export const shownSites = () => [...sites.values()].filter((site) => site.shown);
export const differs = (site) => Boolean(site.wanted) && site.wanted !== site.config;
export const address = (site) => site.element.getAttribute("href") ?? site.element.querySelector("a").getAttribute("href");
export const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** Date a time; page.js keeps its words true. */
export function date(time, site) {
  time.dateTime = new Date(site.since * 1000).toISOString();
  time.dataset.ago = "";
  time.title = new Date(site.since * 1000).toLocaleString();
}

export const refreshTimes = (within) => within.dispatchEvent(new Event("times", { bubbles: true }));

/** Put what has changed about a site where it stands. */
export function paint(site) {
  const { element } = site;
  element.classList.remove(...Object.values(TONES));
  element.classList.add(TONES[site.status], "changed");
  element.classList.toggle("held", Boolean(site.held));
  element.dataset.status = site.status;
  if (root.dataset.view === "grid") element.setAttribute("aria-label", `${site.name}: ${site.status}`);
  const word = element.querySelector(".word");
  if (word) word.textContent = site.status;
  for (const cell of element.querySelectorAll("[data-cell]")) CELLS[cell.dataset.cell]?.(cell, site);
}

const CELLS = {
  status(cell, site) {
    cell.querySelector(".tag").className = `tag ${TONES[site.status]}`;
    cell.querySelector("[data-held]")?.toggleAttribute("hidden", !site.held);
  },
  why: (cell, site) => { cell.textContent = site.reasons; },
  since(cell, site) {
    date(cell.firstElementChild, site);
    refreshTimes(cell);
  },
  template: (cell, site) => { cell.textContent = site.templateName || "–"; },
  config: (cell, site) => { cell.textContent = configuration(site); },
  release: (cell, site) => { cell.textContent = site.release === "none" ? "–" : site.release; },
};

/** `2`, or `1 → 2` where another one is wanted. */
export function configuration(site) {
  const number = site.config === "none" ? "–" : site.config;
  return differs(site) ? `${number} → ${site.wanted}` : number;
}

root.addEventListener("animationend", (event) => event.target.classList.remove("changed"));
