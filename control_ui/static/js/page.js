// What every page does: the menu, the theme, dialogs, messages, and times that stay true.

const token = document.querySelector('meta[name="csrf-token"]').content;

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = token;
});

// ---- Messages -----------------------------------------------------------------------------------------------------

export function tell(text, kind = "") {
  const toast = document.createElement("p");
  toast.className = `toast ${kind}`;
  toast.textContent = text;
  document.getElementById("toasts").append(toast);
  setTimeout(() => toast.remove(), kind === "bad" ? 12000 : 5000);
}

function explained(request) {
  try {
    const problem = JSON.parse(request.responseText);
    return problem.detail || problem.title;
  } catch {
    return `The control plane answered ${request.status}. Reload the page, and try again.`;
  }
}

// A form that comes back with what is wrong (409, 412, 422) is shown; any other error is a document for programs.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status < 400 || !xhr.getResponseHeader("Content-Type")?.startsWith("text/html")) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) location.reload();
  else tell(explained(event.detail.xhr), "bad");
});

let away = false;
document.addEventListener("htmx:sendError", () => {
  if (!away) tell("The control plane cannot be reached. What you see may be old; it is tried again.", "bad");
  away = true;
});
document.addEventListener("htmx:afterOnLoad", () => {
  if (away) tell("The control plane is back.");
  away = false;
});

// Nobody looks: nothing is asked for. Only what is polled stops; what somebody clicked goes through.
document.addEventListener("htmx:beforeRequest", (event) => {
  const polled = (event.detail.elt.getAttribute("hx-trigger") || "").includes("every");
  if (polled && document.hidden) event.preventDefault();
});

// ---- Dialogs: any link or form may fill #dialog-content ------------------------------------------------------------

const dialog = document.getElementById("dialog");

document.addEventListener("htmx:afterSwap", (event) => {
  if (!dialog || event.detail.target.id !== "dialog-content") return;
  const heading = event.detail.target.querySelector("h1");
  if (heading) heading.id = "dialog-title";
  dialog.classList.toggle("wide", Boolean(event.detail.target.querySelector("[data-wide]")));
  if (!dialog.open) dialog.showModal();
  event.detail.target.querySelector("[aria-invalid]")?.focus();
});

document.addEventListener("click", (event) => {
  const close = event.target.closest("[data-close]");
  if (close && dialog?.open && dialog.contains(close)) {
    event.preventDefault();
    dialog.close();
  }
});

dialog?.addEventListener("close", () => document.getElementById("dialog-content").replaceChildren());

// ---- The menu, and the theme ---------------------------------------------------------------------------------------

document.querySelector("[data-menu]")?.addEventListener("click", (event) => {
  const open = document.getElementById("side").classList.toggle("open");
  event.currentTarget.setAttribute("aria-expanded", String(open));
});

document.querySelector("[data-theme-switch]")?.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
  document.dispatchEvent(new CustomEvent("theme"));
});

// On a narrow screen, the tab one is at comes into sight.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// ---- Times ---------------------------------------------------------------------------------------------------------

const STEPS = [[60, "s", 1], [3600, "min", 60], [86400, "h", 3600], [Infinity, "d", 86400]];

export function ago(seconds) {
  const size = Math.max(0, Math.abs(seconds));
  const [, unit, length] = STEPS.find(([most]) => size < most);
  const words = `${Math.floor(size / length)} ${unit}`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

export function refreshTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const words = ago((Date.now() - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== words) time.textContent = words;
  }
}

refreshTimes();
setInterval(() => document.hidden || refreshTimes(), 1000);
document.addEventListener("htmx:afterSwap", () => refreshTimes()); // before it is painted, or they would flicker
document.addEventListener("htmx:afterSettle", (event) => refreshTimes(event.detail.elt));
document.addEventListener("times", (event) => refreshTimes(event.target)); // a script has put some there

// ---- What somebody has opened stays open when it is read anew ------------------------------------------------------

if (window.Idiomorph) {
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.tagName === "DETAILS");
}

// A select or a box that means something at once submits its form: <form data-at-once>.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-at-once]");
  if (form) form.requestSubmit();
});

// ---- What scrolls in a box of its own is reached by keyboard, too ---------------------------------------------------

function reachBoxes() {
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

reachBoxes();
document.fonts.ready.then(reachBoxes);
addEventListener("resize", reachBoxes);
document.addEventListener("htmx:afterSettle", reachBoxes);
