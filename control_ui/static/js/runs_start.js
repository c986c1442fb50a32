// Sites are found by a part of their name; one that is chosen goes into the list of names.

const field = document.querySelector("[data-add-site]");
const names = document.getElementById("names");

function add() {
  const known = names.value.split(/[\s,;]+/).filter(Boolean);
  if (field.value.trim() && !known.includes(field.value.trim())) known.push(field.value.trim());
  names.value = known.join("\n");
  names.rows = Math.min(Math.max(known.length + 1, 2), 6);
  field.value = "";
  names.dispatchEvent(new Event("change", { bubbles: true }));
}

// What is typed is no name yet: the form does not count it. What is taken from the list is one.
field.addEventListener("input", (event) => {
  event.stopPropagation();
  if (!(event instanceof InputEvent) || event.inputType === "insertReplacementText") add();
});
field.addEventListener("change", (event) => event.stopPropagation());
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  add();
});
field.closest("label").hidden = false;
