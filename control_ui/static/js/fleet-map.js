// The map: countries and states drawn from files of our own, sites gathered where they are close together.
import { inspect, keep } from "./fleet-inspector.js";
import { together } from "./fleet-selection.js";
import { plural, shownSites, sites } from "./fleet-sites.js";
import { colours, drawn } from "./fleet-marks.js";

const { ol } = window;
const CLOSE_PIXELS = 38;
const NEAREST_ZOOM = 13;
const place = document.getElementById("fleet-map");
const source = new ol.source.Vector();
const layers = { land: outline(place.dataset.countries, "countries"), states: outline(place.dataset.states, "states") };
const gathered = new ol.layer.Vector({
  source: new ol.source.Cluster({ source, distance: CLOSE_PIXELS, minDistance: 8 }),
  style: (feature) => drawn(feature.get("features").map((each) => each.get("site"))),
});
const features = new Map();
let map = null;

export function start() {
  for (const site of sites.values()) {
    if (site.latitude === "" || site.longitude === "") continue;
    const point = new ol.geom.Point(ol.proj.fromLonLat([Number(site.longitude), Number(site.latitude)]));
    features.set(site, new ol.Feature({ geometry: point, site }));
  }
  map = new ol.Map({
    target: place,
    layers: [...tiles(), layers.land, layers.states, gathered],
    view: new ol.View({ center: ol.proj.fromLonLat([-96, 38]), zoom: 4, minZoom: 2, maxZoom: 18 }),
    controls: ol.control.defaults.defaults({ rotate: false }),
  });
  show();
  fit(shownSites());
  map.on("click", (event) => {
    const found = at(event.pixel);
    if (event.originalEvent.shiftKey && place.dataset.choose !== undefined && found.length) together(found);
    else clicked(found);
  });
  map.on("pointermove", (event) => pointed(at(event.pixel)));
  document.addEventListener("fleet:shown", show);
  document.addEventListener("fleet:chosen", () => gathered.changed());
  document.addEventListener("theme", restyle);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);
  restyle();
}

/** A tile server is asked only where the settings name one; with it the outlines would be in the way. */
function tiles() {
  if (!place.dataset.tiles) return [];
  layers.land.setVisible(false);
  layers.states.setVisible(false);
  return [new ol.layer.Tile({ source: new ol.source.XYZ({ url: place.dataset.tiles }) })];
}

function outline(url, name) {
  return new ol.layer.Vector({ source: new ol.source.Vector({ url, format: new ol.format.TopoJSON({ layers: [name] }) }) });
}

/** Only what is shown is on the map. */
function show() {
  const wanted = shownSites().map((site) => features.get(site)).filter(Boolean);
  source.clear(true);
  source.addFeatures(wanted);
  const missing = shownSites().length - wanted.length;
  const note = document.getElementById("fleet-unplaced");
  note.hidden = missing === 0;
  note.textContent = `${plural(missing, "site")} without coordinates: only in the list.`;
}

function fit(some) {
  const points = some.map((site) => features.get(site)?.getGeometry().getCoordinates()).filter(Boolean);
  if (points.length) map.getView().fit(ol.extent.boundingExtent(points), { padding: [50, 50, 50, 50], maxZoom: NEAREST_ZOOM });
}

function at(pixel) {
  const found = map.forEachFeatureAtPixel(pixel, (feature) => feature, { layerFilter: (layer) => layer === gathered, hitTolerance: 4 });
  return found?.get("features").map((each) => each.get("site")) ?? [];
}

function clicked(found) {
  if (found.length === 1) keep(found[0]);
  else if (found.length) nearer(found);
}

/** Go to where they come apart; those at the very same place are told one after the other by the list. */
function nearer(found) {
  const before = map.getView().getZoom();
  fit(found);
  if (map.getView().getZoom() - before < 0.1) keep(found[0]);
}

function pointed(found) {
  place.classList.toggle("pointed", found.length > 0);
  if (found.length === 1) inspect(found[0]);
}

function restyle() {
  const { line, land } = colours();
  const style = (width, fill) => new ol.style.Style({ stroke: new ol.style.Stroke({ color: line, width }), fill });
  layers.land.setStyle(style(1, new ol.style.Fill({ color: land })));
  layers.states.setStyle(style(0.7));
  gathered.changed();
}
