// What pages do beyond HTML: nothing that a page needs to work.
const LIVE = "[data-module^='nhsuk-']";

// Most pages have no part of the library, and then do not ask for its script.
async function enliven(part) {
  if (!part.querySelector(LIVE)) return;
  const { Checkboxes, ErrorSummary, PasswordInput, Radios, createAll } = await import("./NHSUK");
  for (const component of [ErrorSummary, Checkboxes, PasswordInput, Radios]) createAll(component, {}, part);
}

document.documentElement.classList.add("has-scripts", "js-enabled", "nhsuk-frontend-supported");
document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
enliven(document);
// What stopped a form is read first, as the summary of its errors is.
document.querySelector("main [role=alert][data-focus]")?.focus();

// The same form cannot be sent twice; its button says that it is at work.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  const button = event.submitter;
  if (button?.dataset.busy) {
    button.dataset.idle ??= button.querySelector("[data-label]").textContent;
    button.setAttribute("aria-busy", "true");
    button.querySelector("[data-label]").textContent = button.dataset.busy;
  }
  if (form.hasAttribute("data-stays")) {
    event.preventDefault();
    send(form, button);
  }
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) delete form.dataset.sent;
});

// On a phone the tabs scroll sideways; the one the reader is on must not lie outside.
function showTab() {
  const tab = document.querySelector(".q-tabs [aria-current]");
  const strip = tab?.closest(".q-tabs");
  if (!strip || strip.scrollWidth <= strip.clientWidth) return;
  const [own, around] = [tab.getBoundingClientRect(), strip.getBoundingClientRect()];
  strip.scrollLeft += own.left - around.left - (around.width - own.width) / 2;
}
showTab();

// A swapped part keeps the reader's place: focus goes where the part says, else to its heading.
document.addEventListener("htmx:afterSettle", (event) => {
  enliven(event.detail.elt);
  showTab();
  event.detail.elt.querySelector("[data-focus], [autofocus]")?.focus();
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest("form");
  if (form) delete form.dataset.sent;
});
// A refused form comes back as 422 with its errors, what cannot be done as words for its place.
document.addEventListener("htmx:beforeSwap", (event) => {
  if ([404, 409, 413, 422, 429].includes(event.detail.xhr.status)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-send-on-change]")) event.target.form.requestSubmit();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
  if (event.target.closest("[data-close-panel]")) {
    const panel = event.target.closest(".q-panel");
    document.getElementById(panel.dataset.openedBy)?.focus();
    panel.replaceChildren();
  }
});

// A list is walked with j and k, opened with Enter, and a call is closed with 1, 2 or 3. While somebody
// is open, j and k open the next one at once.
function rows() {
  return [...document.querySelectorAll("[data-row]")];
}
function rowBeside(step) {
  const all = rows();
  const open = document.querySelector("#panel [data-person]");
  const here = all.indexOf(document.activeElement);
  const at = here < 0 && open ? all.indexOf(document.getElementById(`row-${open.dataset.person}`)) : here;
  return all[Math.max(0, Math.min(all.length - 1, at + step))];
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=radio], [type=checkbox]), textarea, select")) return;
  if (event.key === "j" || event.key === "k") {
    const row = rowBeside(event.key === "j" ? 1 : -1);
    row?.focus();
    if (document.querySelector("#panel [data-person]")) row?.click();
  }
  if (event.key === "Enter" && event.target.matches("a, button, summary")) return;
  document.querySelector(`#panel [data-key~="${CSS.escape(event.key)}"], [data-anywhere="${CSS.escape(event.key)}"]`)?.click();
});
// After an outcome the next one opens; the list itself stays as it is.
document.addEventListener("htmx:configRequest", (event) => {
  const form = event.detail.elt.closest("#panel form.q-outcome");
  const open = document.querySelector("#panel [data-person]");
  if (!form || !open) return;
  const all = rows();
  const next = all[all.indexOf(document.getElementById(`row-${open.dataset.person}`)) + 1];
  event.detail.parameters.onwards = next ? next.id.slice("row-".length) : "";
});
document.addEventListener("htmx:afterSettle", () => {
  const open = document.querySelector("#panel [data-person]");
  for (const row of rows()) {
    const line = row.closest("tr");
    if (open && row.id === `row-${open.dataset.person}`) line.setAttribute("aria-selected", "true");
    else line.removeAttribute("aria-selected");
  }
  const menu = document.querySelector(".q-menu[open]");
  if (menu && open) menu.open = false;
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".q-menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
