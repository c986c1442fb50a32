// Choosing alerts: the choice outlives the list's being asked for anew.

const chosen = new Set();
const boxes = () => [...document.querySelectorAll('[data-choose] input[name="id"]')];

function show() {
  const form = document.querySelector("[data-choose]");
  if (!form) return;
  const all = boxes();
  const count = all.filter((box) => box.checked).length;
  const whole = form.querySelector("[data-all]");
  whole.hidden = false;
  whole.checked = count > 0 && count === all.length;
  whole.indeterminate = count > 0 && count < all.length;
  const words = count === 0 ? `Choose all ${all.length} on this page` : `${count} chosen`;
  const place = form.querySelector("[data-chosen]");
  if (place.textContent !== words) place.textContent = words;
  const act = form.querySelector("[data-act]");
  act.disabled = count === 0;
  act.classList.toggle("primary", count > 0);
}

document.addEventListener("change", (event) => {
  if (!event.target.closest("[data-choose]")) return;
  if (event.target.matches("[data-all]")) for (const box of boxes()) box.checked = event.target.checked;
  for (const box of boxes()) box.checked ? chosen.add(box.value) : chosen.delete(box.value);
  show();
});

document.addEventListener("htmx:afterSwap", () => {
  for (const box of boxes()) box.checked = chosen.has(box.value);
  show();
});

show();
