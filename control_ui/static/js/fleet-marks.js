// How sites look on the map: one as its mark (a shape for each status, as everywhere), several as a ring of their shares
// with their number, and below it how many of them are not well.
import { colour } from "./colours.js";
import { TONES } from "./fleet-sites.js";

const { ol } = window;
const ORDER = ["offline", "degraded", "never seen", "online"];
const SCALE = 2;
const made = new Map();

/** The page's colours as they are now, light or dark. */
export function colours() {
  const fills = Object.fromEntries(ORDER.map((status) => [status, colour(`--${TONES[status]}-fill`)]));
  return { fills, accent: colour("--accent"), line: colour("--edge"), land: colour("--sunken"), ground: colour("--surface"), text: colour("--text") };
}

export function drawn(sites) {
  const counts = ORDER.map((status) => sites.filter((site) => site.status === status).length);
  const shades = colours();
  const chosen = sites.filter((site) => site.element.classList.contains("chosen")).length;
  const key = `${counts} ${chosen} ${shades.ground}`;
  if (!made.has(key)) made.set(key, sites.length === 1 ? single(sites[0].status, chosen, shades) : several(counts, chosen, shades));
  return made.get(key);
}

function single(status, chosen, { fills, ground, accent }) {
  const fill = new ol.style.Fill({ color: status === "never seen" ? ground : fills[status] });
  const edge = status === "never seen" ? fills[status] : ground;
  const stroke = new ol.style.Stroke({ color: chosen ? accent : edge, width: chosen ? 3.5 : 1.5 });
  const cross = { points: 4, radius: 9, radius2: 3.5, angle: Math.PI / 4 };
  const shapes = {
    online: () => new ol.style.Circle({ fill, stroke, radius: 6.5 }),
    "never seen": () => new ol.style.Circle({ fill, stroke, radius: 6 }),
    degraded: () => new ol.style.RegularShape({ fill, stroke, points: 3, radius: 9 }),
    offline: () => new ol.style.RegularShape({ fill, stroke, ...cross }),
  };
  return new ol.style.Style({ image: shapes[status](), zIndex: ORDER.length - ORDER.indexOf(status) });
}

function several(counts, chosen, shades) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const radius = 13 + Math.min(9, Math.log2(total));
  const bad = [["×", counts[0]], ["▲", counts[1]]].filter(([, count]) => count).map(([mark, count]) => `${mark}${count}`);
  const image = new ol.style.Icon({ img: ring(counts, total, radius, shades), scale: 1 / SCALE });
  const number = label(String(total), 0, "600 12px", shades);
  const styles = [new ol.style.Style({ image, text: number, zIndex: 10 })];
  if (chosen) styles.push(new ol.style.Style({ text: label(`✓${chosen}`, -radius - 8, "600 11px", { ...shades, text: shades.accent }), zIndex: 10 }));
  if (bad.length) styles.push(new ol.style.Style({ text: label(bad.join(" "), radius + 9, "600 11px", shades), zIndex: 10 }));
  return styles;
}

function label(text, offsetY, font, { text: color, ground }) {
  const family = getComputedStyle(document.body).fontFamily;
  const stroke = new ol.style.Stroke({ color: ground, width: 3 });
  return new ol.style.Text({ text, offsetY, font: `${font} ${family}`, fill: new ol.style.Fill({ color }), stroke });
}

/** Shares as arcs; what is not well is never too thin to be seen. */
function ring(counts, total, radius, { fills, ground }) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 2 * SCALE * (radius + 1);
  const pen = canvas.getContext("2d");
  pen.scale(SCALE, SCALE);
  pen.translate(radius + 1, radius + 1);
  pen.fillStyle = ground;
  pen.arc(0, 0, radius, 0, 2 * Math.PI);
  pen.fill();
  const shares = counts.map((count) => (count ? Math.max(count / total, 0.06) : 0));
  const sum = shares.reduce((all, share) => all + share, 0);
  pen.lineWidth = 5;
  let from = -Math.PI / 2;
  shares.forEach((share, at) => {
    const to = from + (share / sum) * 2 * Math.PI;
    pen.strokeStyle = fills[ORDER[at]];
    pen.beginPath();
    pen.arc(0, 0, radius - 2.5, from, to);
    if (share) pen.stroke();
    from = to;
  });
  return canvas;
}
