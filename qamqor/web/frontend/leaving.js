
// What is typed and not saved is asked about before the page is left, in the browser's own words. A form
// whose text is kept as a draft asks for itself (draft.js).
const KEPT_HERE = "form[data-stays]:not([data-draft])";
let isMeant = false;

function isTyped(field) {
  if (field.matches("[type=hidden], [type=submit], [type=search], button, fieldset, output")) return false;
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  if (!field.matches("select")) return field.value !== field.defaultValue;
  // Without a choice of its own a list of one stands on its first.
  const first = Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
  return !field.multiple && field.selectedIndex !== first;
}

function isUnsaved(form) {
  if (form.dataset.sent) return false;
  // What was refused stands in the fields as if it had come so.
  return "refused" in form.dataset || [...form.elements].some(isTyped);
}

for (const form of document.querySelectorAll(KEPT_HERE)) {
  if (form.querySelector("[aria-invalid], .nhsuk-form-group--error")) form.dataset.refused = "";
}
// Who chooses to go without saving is not asked again.
document.addEventListener("click", (event) => {
  isMeant = Boolean(event.target.closest("[data-leave], form[data-stays] a.q-button"));
});
window.addEventListener("beforeunload", (event) => {
  if (!isMeant && [...document.querySelectorAll(KEPT_HERE)].some(isUnsaved)) event.preventDefault();
});
