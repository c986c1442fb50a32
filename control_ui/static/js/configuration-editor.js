// Makes the editor quicker to use: one environment at a time, and no need to say that a value is one.

function show(id) {
  for (const layer of document.querySelectorAll(".layer")) layer.hidden = layer.id !== id;
  for (const link of document.querySelectorAll("[data-layers] a")) {
    if (link.hash === `#${id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

let layer = "";
function begin() {
  const links = [...document.querySelectorAll("[data-layers] a")];
  if (!links.length) return;
  const ids = links.map((link) => link.hash.slice(1));
  show(ids.includes(layer) ? layer : ids[0]);
  markFaulty();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-layers] a");
  if (link) {
    event.preventDefault();
    layer = link.hash.slice(1);
    show(layer);
  }
  const more = event.target.closest("[data-more]");
  if (more) {
    event.preventDefault();
    const rows = more.parentElement.querySelectorAll("[data-row]");
    const row = rows[rows.length - 1].cloneNode(true);
    for (const input of row.querySelectorAll("input")) {
      input.value = "";
      input.removeAttribute("id");
    }
    more.before(row);
    row.querySelector("input").focus();
  }
});

// Whoever types a value means it.
for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    const setting = event.target.closest("[data-setting]");
    const mode = setting?.querySelector("[data-mode]");
    if (mode && event.target !== mode && mode.value === "") mode.value = "value";
  }, true);
}

// Whoever chooses how a setting is set has said nothing yet: it is checked when something is entered.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-mode]")) return;
  const entry = { value: ".as-value .with-unit input", expression: ".as-expression input" }[event.target.value];
  const field = entry && event.target.closest("[data-setting]").querySelector(entry);
  if (!field || field.value) return;
  event.stopPropagation();
  field.focus();
}, true);

// What lies beneath an overlay shows through where it sets nothing.
function showBeneath(setting) {
  const under = setting.querySelector(".state")?.dataset.under;
  const field = setting.querySelector("[data-value]");
  if (under === undefined || !field || setting.querySelector("[data-mode]").value !== "") return;
  if (field.tagName === "SELECT") field.value = under;
  else field.placeholder = under;
}

function markFaulty() {
  for (const setting of document.querySelectorAll("[data-setting]")) {
    showBeneath(setting);
    const wrong = Boolean(setting.querySelector(".state .fault"));
    for (const input of setting.querySelectorAll(".entry input, .entry select, .entry textarea")) {
      if (wrong) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }
  for (const link of document.querySelectorAll("[data-layers] a")) {
    const faulty = Boolean(document.querySelector(`${link.hash} .state .fault`));
    link.classList.toggle("faulty", faulty);
    if (faulty) link.title = "Something is not right here";
    else link.removeAttribute("title");
  }
}

// ---- What is not saved yet is not lost by a slip --------------------------------------------------------------------

const form = document.querySelector("form.editing");

function unsaved(yes) {
  form?.classList.toggle("unsaved", yes);
}

form?.addEventListener("input", (event) => event.target.closest("[data-aside]") || unsaved(true));
form?.addEventListener("submit", () => unsaved(false));
addEventListener("beforeunload", (event) => {
  if (form?.classList.contains("unsaved")) event.preventDefault();
});
unsaved(Boolean(document.querySelector("[data-unsaved]")));

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt?.id === "editor" || event.detail.target?.id === "editor") begin();
  markFaulty();
});

begin();
markFaulty();
