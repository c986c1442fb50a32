// The colours of tokens.css as they are at this moment, light or dark, for what is drawn by a script.

const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

/** `colour("--accent")` is `rgb(0, 100, 122)`. */
export function colour(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}
