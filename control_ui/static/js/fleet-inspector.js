// What is known of the site under the pointer or the focus, beside the grid and the map.
import { address, configuration, date, refreshTimes, root, siteOf, TONES } from "./fleet-sites.js";

const card = document.getElementById("fleet-inspector");
let kept = null;
let seen = null;

export function start() {
  if (!card) return;
  card.hidden = false;
  root.addEventListener("pointerover", (event) => event.pointerType === "mouse" && inspect(siteOf(event.target)));
  root.addEventListener("pointerleave", () => inspect(kept));
  root.addEventListener("focusin", (event) => keep(siteOf(event.target)));
  root.addEventListener("click", (event) => keep(siteOf(event.target)));
  document.addEventListener("fleet:shown", () => seen && inspect(seen));
}

/** Show a site until another one is shown for good; `inspect` alone is for as long as the pointer is there. */
export function keep(site) {
  if (site) kept = site;
  inspect(site);
}

export function inspect(site) {
  if (!card || !site) return;
  seen = site;
  card.querySelector(".placeholder").hidden = true;
  const shown = card.querySelector(".shown");
  shown.hidden = false;
  const link = shown.querySelector("a");
  link.textContent = site.name;
  link.href = address(site);
  const tag = shown.querySelector(".tag");
  tag.className = `tag ${TONES[site.status]}`;
  tag.querySelector(".word").textContent = site.status;
  date(shown.querySelector("time"), site);
  refreshTimes(shown);
  const facts = { ...site, config: configuration(site), release: said(site.release), region: said(site.region) };
  for (const place of shown.querySelectorAll("[data-fact]")) put(place, facts[place.dataset.fact]);
}

const said = (value) => (value === "none" ? "" : value);

/** What is not known takes no line. */
function put(place, words) {
  place.textContent = words ?? "";
  const line = place.tagName === "DD" ? place.previousElementSibling : null;
  place.hidden = !words;
  if (line) line.hidden = !words;
}
