// The wall of pictures: fetched while they are looked at, a few at a time, each with the age its site tells.
import { address, siteOf, sites } from "./fleet-sites.js";

const AT_ONCE = 3;
const AGAIN_MS = { well: 15000, failed: 30000 };
const PATIENCE_MS = 15000;
const AGE = "X-Picture-Age-Seconds";
const STALE = "X-Snapshot-Stale";
const LONGEST_WORDS = 120;

/** Of each site that was looked at: when to fetch next, and when its picture was taken by this browser's clock (null
 * where the site did not tell). */
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
    const headers = { Accept: "image/jpeg, application/problem+json", "HX-Request": "true" };
    const response = await fetch(`${address(site)}/picture`, { headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (response.status !== 200) throw new Error(await why(response));
    await show(site, await response.blob(), response.headers);
    known.get(site).next = Date.now() + AGAIN_MS.well;
  } catch (error) {
    say(site, error.name === "TimeoutError" ? "no answer within 15 s" : error.message);
    known.get(site).next = Date.now() + AGAIN_MS.failed;
  }
  underWay -= 1;
  fetchSome();
}

async function why(response) {
  if (response.status === 204) return "you are signed out: reload the page";
  if (!response.headers.get("Content-Type")?.includes("json")) return `no picture (${response.status})`;
  const problem = await response.json();
  return (problem.detail ?? `no picture (${response.status})`).slice(0, LONGEST_WORDS);
}

async function show(site, picture, headers) {
  const image = site.element.querySelector("img");
  const before = image.src;
  image.src = URL.createObjectURL(picture);
  await image.decode().catch(() => { throw new Error("what came is no picture"); });
  if (before) URL.revokeObjectURL(before);
  image.hidden = false;
  image.alt = `Picture of ${site.name}`;
  site.element.classList.remove("failed");
  site.element.querySelector(".said").textContent = "";
  const age = headers.get(AGE);
  known.get(site).takenAt = age === null ? null : Date.now() - Number(age) * 1000;
  site.element.classList.toggle("stale", headers.get(STALE) === "true");
  tellAge(site);
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
  const words = takenAt === null ? "of unknown age" : `${seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`} old`;
  const told = site.element.classList.contains("stale") ? `stale: ${words}` : words;
  const place = site.element.querySelector(".age");
  if (place.textContent !== told) place.textContent = told;
}
