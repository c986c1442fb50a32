// Trends, drawn from the table under them. Colours are the page's, and follow its theme.
import { colour } from "./colours.js";

const DASHES = { reachable: [8, 5], fresh: [2, 4] };

function rows() {
  return [...document.querySelectorAll("#days tbody tr")].reverse();
}

function column(name) {
  return rows().map((row) => (row.dataset[name] ? Number(row.dataset[name]) : null));
}

function days() {
  return rows().map((row) => Date.parse(`${row.dataset.day}T00:00:00Z`) / 1000);
}

function line(label, stroke, dash) {
  return { label, stroke: colour(`--${stroke}`), width: 2, dash, points: { show: rows().length < 32, size: 5, fill: colour(`--${stroke}`) } };
}

function options(box, series, scale, unit) {
  const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px Inter Variable, sans-serif" };
  return {
    width: box.clientWidth,
    height: box.clientHeight,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    scales: { y: { range: scale } },
    series: [{ value: "{YYYY}-{MM}-{DD}" }, ...series],
    axes: [
      { ...axis, values: "{YYYY}-{MM}-{DD}", space: 90, size: 28 },
      { ...axis, size: 60, values: (_, ticks) => ticks.map((tick) => `${+tick.toFixed(3)} ${unit}`) },
    ],
    cursor: { y: false },
    hooks: { setCursor: [(plot) => tip(plot, unit)] },
  };
}

function tip(plot, unit) {
  let box = plot.over.querySelector(".chart-tip");
  if (!box) {
    box = document.createElement("div");
    box.className = "chart-tip";
    plot.over.append(box);
  }
  const at = plot.cursor.idx;
  box.hidden = at == null || plot.cursor.left < 0;
  if (box.hidden) return;
  const day = new Date(plot.data[0][at] * 1000).toISOString().slice(0, 10);
  const words = plot.series.slice(1).map((one, place) => `${one.label} ${plot.data[place + 1][at] ?? "not known"} ${unit}`);
  box.textContent = [day, ...words].join("\n");
  const right = plot.cursor.left > plot.over.clientWidth / 2;
  box.style.left = right ? "" : `${plot.cursor.left + 12}px`;
  box.style.right = right ? `${plot.over.clientWidth - plot.cursor.left + 12}px` : "";
  box.style.top = "8px";
}

function shares(box) {
  const target = Number(box.dataset.target);
  const data = [days(), days().map(() => target), column("reachable"), column("fresh"), column("available")];
  const series = [
    { label: "promise", stroke: colour("--bad-fill"), width: 1, points: { show: false } },
    line("reachable", "good-fill", DASHES.reachable),
    line("fresh picture", "warn-fill", DASHES.fresh),
    line("available", "accent"), // what counts is drawn last, above the others
  ];
  const least = Math.min(target, ...data.slice(2).flat().filter((value) => value != null));
  const room = Math.max(0.05, (100 - least) * 0.1);
  return new uPlot(options(box, series, () => [Math.max(0, least - room), 100], "%"), data, box);
}

function ages(box) {
  const range = (_, __, most) => [0, (most || 1) * 1.15];
  return new uPlot(options(box, [line("mean age", "accent")], range, "s"), [days(), column("age")], box);
}

const plots = new Map();

function draw() {
  for (const box of document.querySelectorAll("[data-chart]")) {
    plots.get(box)?.destroy();
    plots.set(box, box.dataset.chart === "share" ? shares(box) : ages(box));
  }
}

draw();
document.addEventListener("theme", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
const sized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const plot = plots.get(target);
    if (plot && plot.width !== target.clientWidth && target.clientWidth) plot.setSize({ width: target.clientWidth, height: target.clientHeight });
  }
});
for (const box of plots.keys()) sized.observe(box);
