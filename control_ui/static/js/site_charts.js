// Draws the charts of a site with uPlot, in the colours of the page, and again when theme, width or data change.
import { colour } from "./colours.js";

/* global uPlot */

const EVERY_MS = 60000;
const HEIGHT_PX = 160;
const COLOURS = ["--accent", "--warn-fill"]; // as .key-1 and .key-2 have them
const DASHES = [[], [6, 4]];

const place = document.querySelector("[data-charts]");
const zone = place.dataset.zone;
let told = null;
let plots = [];

const short = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, ""));

function figure(value, unit) {
  if (value === null || value === undefined) return "-";
  if (unit !== "B/s") return `${short(value)} ${unit}`.trim();
  let size = value;
  for (const step of ["B/s", "kB/s", "MB/s"]) {
    if (Math.abs(size) < 1000) return step === "B/s" ? `${size.toFixed(0)} B/s` : `${short(size)} ${step}`;
    size /= 1000;
  }
  return `${short(size)} GB/s`;
}

const zoned = (form) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...form });
const moment = zoned({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const hour = zoned({ hour: "2-digit", minute: "2-digit" });
const day = zoned({ month: "short", day: "numeric" });
const DAY_SECONDS = 86400;

function axis(more) {
  const line = { stroke: colour("--line"), width: 1 };
  return { stroke: colour("--faint"), font: "12px Inter Variable, sans-serif", grid: line, ticks: line, ...more };
}

function ticksOfTime(_plot, ticks) {
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : 0;
  const form = step >= DAY_SECONDS ? day : told.end - told.start > 2 * DAY_SECONDS ? moment : hour;
  return ticks.map((tick) => form.format(tick * 1000));
}

// Under the pointer its values are told, and else what the chart shows as a whole.
function tell(card, chart, at) {
  const known = at !== null && at !== undefined;
  card.querySelector("[data-at]").textContent = known ? moment.format(told.times[at] * 1000) : "";
  card.querySelectorAll("[data-told]").forEach((place, number) => {
    const line = chart.lines[number];
    place.textContent = known ? figure(line.values[at], chart.unit) : line.told;
  });
}

function options(chart, card, width) {
  const lines = chart.lines.map((line, at) => ({
    label: line.label,
    stroke: colour(COLOURS[at]),
    fill: chart.bars ? colour(COLOURS[at]) : undefined,
    width: 1.6,
    dash: chart.bars ? [] : DASHES[at],
    paths: chart.bars ? uPlot.paths.bars({ size: [0.8, 14] }) : undefined,
    points: { show: false },
  }));
  return {
    width,
    height: HEIGHT_PX,
    padding: [8, 18, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    cursor: { sync: { key: "site" }, points: { size: 6 } },
    legend: { show: false },
    hooks: { setCursor: [(plot) => tell(card, chart, plot.cursor.idx)] },
    scales: {
      x: { time: true, range: () => [told.start, told.end] },
      y: { range: (_plot, _least, most) => [0, Math.max(chart.most || 0, (most || 0) * 1.1) || 1] },
    },
    axes: [
      axis({ size: 28, space: 84, values: ticksOfTime }),
      axis({ size: 64, space: 28, values: (_plot, ticks) => ticks.map((tick) => figure(tick, chart.unit)) }),
    ],
    series: [{}, ...lines],
  };
}

function draw() {
  plots.forEach((plot) => plot.destroy());
  plots = told.charts.map((chart) => {
    const card = place.querySelector(`[data-chart="${chart.name}"]`);
    const box = card.querySelector("[data-plot]");
    const data = [told.times, ...chart.lines.map((line) => line.values)];
    const plot = new uPlot(options(chart, card, box.clientWidth), data, box);
    tell(card, chart, null);
    return plot;
  });
  place.dataset.drawn = String(plots.length);
}

async function load() {
  if (document.hidden) return;
  try {
    const answer = await fetch(place.dataset.charts, { redirect: "manual" });
    if (answer.type === "opaqueredirect") location.reload();
    if (!answer.ok) return;
    told = await answer.json();
    draw();
  } catch {
    // Away for a moment: what is drawn stays, and ends where its data end. It is tried again.
  }
}

let waiting = 0;
new ResizeObserver(() => {
  clearTimeout(waiting);
  waiting = setTimeout(() => told && draw(), 100);
}).observe(place);
document.addEventListener("theme", () => told && draw());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => told && draw());
setInterval(load, EVERY_MS);
load();
