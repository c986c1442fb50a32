// The wall of pictures: fetched while they are looked at, a few at a time, each with the age its site tells.
import { address, siteOf, sites } from "./fleet-sites.js";

const AT_ONCE = 3;
const AGAIN_MS = { well: 15000, failed: 30000 };
const PATIENCE_MS = 15000;
const LONGEST_WORDS = 120;

/** Of each site that was looked at: when to fetch next, and when its picture was taken, by this browser's clock and as
 * the site says it. */
const known = new Map();
const inView = new Set();
let underWay = 0;

export function start() {
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) inView[isIntersecting ? "add" : "delete"](siteOf(target));
      fetchSome();
    },
    { rootMargin: "150px" },
  );
  for (const { element } of sites.values()) watcher.observe(element);
  document.addEventListener("fleet:shown", () => { refuse(); fetchSome(); });
  setInterval(() => { fetchSome(); tellAges(); }, 1000);
}

const reachable = (site) => site.status === "online" || site.status === "degraded";

/** Sites that went off say so, and are not asked. */
function refuse() {
  for (const site of sites.values()) {
    if (!reachable(site)) say(site, `no picture: ${site.status}`);
  }
}

function fetchSome() {
  if (document.hidden) return;
  const due = [...inView].filter((site) => site.shown && reachable(site) && (known.get(site)?.next ?? 0) <= Date.now());
  for (const site of due.slice(0, AT_ONCE - underWay)) fetchOne(site);
}

async function fetchOne(site) {
  underWay += 1;
  known.set(site, { ...known.get(site), next: Infinity });
  try {
    await show(site, await ask(site));
    known.get(site).next = Date.now() + AGAIN_MS.well;
  } catch (error) {
    say(site, error.name === "TimeoutError" ? "no answer within 15 s" : error.message);
    known.get(site).next = Date.now() + AGAIN_MS.failed;
  }
  underWay -= 1;
  fetchSome();
}

/** The document and not the image itself: that a Pi has no picture is news, and no error in the console. */
async function ask(site) {
  const have = known.get(site).captured;
  const from = `${address(site)}/picture.json${have ? `?have=${encodeURIComponent(have)}` : ""}`;
  const headers = { Accept: "application/json", "HX-Request": "true" };
  const response = await fetch(from, { headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (response.status === 204) throw new Error("you are signed out: reload the page");
  if (!response.ok) throw new Error(`no picture (${response.status})`);
  const told = await response.json();
  if (told.problem) throw new Error(told.problem.slice(0, LONGEST_WORDS));
  return told;
}

async function show(site, told) {
  if (told.image) await load(site, told.image);
  const state = known.get(site);
  state.captured = told.captured_at;
  state.takenAt = Date.now() - told.age_seconds * 1000;
  site.element.classList.remove("failed");
  site.element.classList.toggle("stale", told.stale);
  site.element.querySelector(".said").textContent = "";
  tellAge(site);
}

async function load(site, source) {
  const image = site.element.querySelector("img");
  image.src = source;
  await image.decode().catch(() => { throw new Error("what came is no picture"); });
  image.hidden = false;
  image.alt = `Picture of ${site.name}`;
}

/** Why there is none. One that came before stays, dimmed, and goes on growing old. */
function say(site, words) {
  site.element.classList.add("failed");
  const said = site.element.querySelector(".said");
  if (said.textContent !== words) said.textContent = words;
}

function tellAges() {
  for (const site of inView) if (known.has(site)) tellAge(site);
}

function tellAge(site) {
  const { takenAt } = known.get(site);
  if (takenAt === undefined) return;
  const seconds = Math.max(0, Math.floor((Date.now() - takenAt) / 1000));
  const words = `${seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`} old`;
  const told = site.element.classList.contains("stale") ? `stale: ${words}` : words;
  const place = site.element.querySelector(".age");
  if (place.textContent !== told) place.textContent = told;
}
