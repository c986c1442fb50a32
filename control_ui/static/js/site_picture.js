// The picture of a site: asked for again and again while somebody looks, with an age that is true at every second.

const EVERY_MS = 3000;
const PATIENCE_MS = 10000;

const card = document.querySelector("[data-picture]");
const part = (name) => card.querySelector(`[data-${name}]`);
const frame = card.querySelector(".shot-frame");
let shown = null; // {age, at, stale, captured}
let problem = "";

function spoken(seconds) {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} d`;
}

function tick() {
  if (!shown) return;
  const seconds = shown.age + (performance.now() - shown.at) / 1000;
  part("age").textContent = `Captured ${spoken(seconds)} ago`;
}

function mark(tone, words) {
  const place = part("mark");
  if (place.textContent === words) return;
  place.className = words ? `tag ${tone}` : "";
  place.replaceChildren();
  if (!words) return;
  const shape = document.createElement("span");
  shape.className = "mark";
  shape.ariaHidden = "true";
  place.append(shape, words);
}

function draw(told) {
  problem = told.problem || "";
  if (!problem) {
    shown = { age: told.age_seconds, at: performance.now(), stale: told.stale, captured: told.captured_at };
    part("empty").hidden = true;
  } else if (!shown) {
    part("empty").textContent = "No picture can be had.";
  }
  if (told.image) {
    const image = part("shot");
    image.src = told.image;
    image.hidden = false;
  }
  frame.classList.toggle("old", Boolean(problem && shown));
  frame.classList.toggle("stale", Boolean(!problem && shown && shown.stale));
  if (problem) mark("bad", shown ? "not current" : "no picture");
  else if (shown && shown.stale) mark("warn", "stale");
  else mark("good", "fresh");
  const place = part("problem");
  place.hidden = !problem;
  const words = problem && `${problem[0].toUpperCase()}${problem.slice(1)}.`;
  if (place.textContent !== words) place.textContent = words;
  tick();
}

async function ask() {
  try {
    const have = shown && shown.captured ? `?have=${encodeURIComponent(shown.captured)}` : "";
    const answer = await fetch(card.dataset.picture + have, { signal: AbortSignal.timeout(PATIENCE_MS), redirect: "manual" });
    if (answer.type === "opaqueredirect") location.reload();
    else if (answer.ok) draw(await answer.json());
    else draw({ problem: `the control plane answered ${answer.status}` });
  } catch {
    draw({ problem: "the control plane cannot be reached" });
  }
}

async function loop() {
  if (!document.hidden) await ask();
  setTimeout(loop, EVERY_MS);
}

document.addEventListener("visibilitychange", () => document.hidden || ask());
setInterval(tick, 1000);
loop();
