// A version is taken hold of and dropped onto a target; both ends have links that do the same without a mouse.

const KIND = "application/x-carwash-version";
const panel = document.querySelector("[data-targets]");

document.addEventListener("dragstart", (event) => {
  const chip = event.target.closest?.("[data-version]");
  if (!chip) return;
  event.dataTransfer.effectAllowed = "copy";
  event.dataTransfer.setData(KIND, JSON.stringify({ template: chip.dataset.template, version: chip.dataset.version }));
  event.dataTransfer.setData("text/plain", chip.dataset.name);
  chip.classList.add("taken");
  panel?.classList.add("waits");
});

document.addEventListener("dragend", (event) => {
  event.target.closest?.("[data-version]")?.classList.remove("taken");
  panel?.classList.remove("waits");
  for (const target of document.querySelectorAll(".target.over")) target.classList.remove("over");
});

function targetOf(event) {
  return event.dataTransfer.types.includes(KIND) ? event.target.closest?.("[data-to]") : null;
}

panel?.addEventListener("dragover", (event) => {
  const target = targetOf(event);
  if (!target) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
  target.classList.add("over");
});

panel?.addEventListener("dragleave", (event) => {
  const target = event.target.closest?.("[data-to]");
  if (target && !target.contains(event.relatedTarget)) target.classList.remove("over");
});

panel?.addEventListener("drop", (event) => {
  const target = targetOf(event);
  if (!target) return;
  event.preventDefault();
  const address = new URL(target.href);
  for (const [name, value] of Object.entries(JSON.parse(event.dataTransfer.getData(KIND)))) {
    address.searchParams.set(name, value);
  }
  window.htmx.ajax("GET", `${address.pathname}${address.search}`, { target: "#dialog-content", swap: "innerHTML" });
});
