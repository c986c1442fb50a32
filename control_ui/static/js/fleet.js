// The fleet's page: what is on it already is made to answer at once, and kept up to date.
import { root } from "./fleet-sites.js";
import * as filter from "./fleet-filter.js";
import * as live from "./fleet-live.js";
import * as selection from "./fleet-selection.js";
import * as trouble from "./fleet-trouble.js";
import * as inspector from "./fleet-inspector.js";

document.documentElement.classList.add("scripted");
inspector.start();
trouble.start();
filter.start();
selection.start();
if (root.dataset.view === "map") import("./fleet-map.js").then((map) => map.start());
if (root.dataset.view === "pictures") import("./fleet-pictures.js").then((pictures) => pictures.start());
live.start();
