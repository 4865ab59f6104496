// The page of a visit: the cursor moves on, numbers are doubted as they are typed, drafts are kept.
// Without it the page works the same, slower: the server says and keeps everything.
import { keepDraft } from "./draft.js";

// The same judgement as qamqor/engine/measurements/typed.py; a test holds the two together.
export function readNumber(text, decimals) {
  const plain = text.trim().replace(",", ".");
  if (!plain || plain.length > 8 || !/^(\d+\.?\d*|\.\d+)$/.test(plain)) return null;
  const places = (plain.split(".")[1] ?? "").length;
  return places <= decimals ? Number(plain) : null;
}

export function remark(rules, text, larger) {
  if (!text.trim()) return "";
  const value = readNumber(text, rules.decimals);
  if (value === null) return "not_a_number";
  if (value < rules.hard[0]) return "too_low";
  if (value > rules.hard[1]) return "too_high";
  if (larger !== null && value >= larger) return "not_below";
  const doubts = [];
  if (value < rules.soft[0]) doubts.push("unusually_low");
  if (value > rules.soft[1]) doubts.push("unusually_high");
  if (rules.last !== null && rules.change !== null && Math.round(Math.abs(value - rules.last) * 1000) >= Math.round(rules.change * 1000)) doubts.push("changed_much");
  return doubts[0] ?? "";
}

const STOPS = new Set(["not_a_number", "too_low", "too_high", "not_below"]);

function rulesOf(field) {
  const given = field.dataset;
  const number = (text) => (text === undefined ? null : Number(text));
  return {
    decimals: Number(given.decimals),
    hard: given.hard.split(" ").map(Number),
    soft: given.soft.split(" ").map(Number),
    last: number(given.last),
    change: number(given.change),
  };
}

function largerThan(field) {
  const other = field.dataset.below && document.getElementById(`id_${field.dataset.below}`);
  return other ? readNumber(other.value, Number(other.dataset.decimals)) : null;
}

// A number half typed is not doubted: only when it is whole, or when the field is left.
function judge(field) {
  const code = remark(rulesOf(field), field.value, largerThan(field));
  const said = document.getElementById(`said-${field.name}`);
  const stops = STOPS.has(code);
  field.classList.toggle("q-input--soft", Boolean(code) && !stops);
  field.classList.toggle("nhsuk-input--error", stops);
  field.toggleAttribute("aria-invalid", stops);
  said.hidden = !code;
  said.classList.toggle("q-message--overdue", stops);
  said.classList.toggle("q-message--due", !stops);
  said.querySelector("[data-said]").textContent = code ? JSON.parse(field.dataset.words)[code] : "";
  return !stops;
}

function isHigh(field) {
  const value = readNumber(field.value, Number(field.dataset.decimals));
  return field.dataset.high !== undefined && value !== null && value >= Number(field.dataset.high);
}

// A second reading appears while the first is high, and stays while somebody has typed into it.
function showSecond(form, field) {
  const box = document.getElementById(`box-${field.dataset.measure}_2`);
  if (!box) return;
  const first = [...document.querySelectorAll(`#box-${field.dataset.measure} [data-measure]`)];
  const typed = [...box.querySelectorAll("input")].some((one) => one.value.trim());
  box.hidden = !(first.some(isHigh) || typed);
  document.getElementById("second-said").hidden = box.hidden;
}

function isWhole(field) {
  if (!field.dataset.advance || !/^\d+$/.test(field.value)) return false;
  const [digits, first, fewer] = field.dataset.advance.split(" ");
  return field.value.length >= Number(first.includes(field.value[0]) ? digits : fewer);
}

function neighbour(field, step) {
  const shown = [...document.querySelectorAll("[data-measure]")].filter((one) => one.offsetParent !== null);
  return shown[shown.indexOf(field) + step];
}

function enliven(form) {
  form.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.matches("[data-measure]")) return;
    showSecond(form, field);
    if (!isWhole(field)) return;
    if (judge(field)) {
      const next = neighbour(field, 1);
      next?.focus();
      next?.select();
    }
  });
  form.addEventListener("focusout", (event) => {
    if (event.target.matches("[data-measure]")) judge(event.target);
  });
  form.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key === "Enter" && event.ctrlKey) {
      event.preventDefault();
      document.querySelector("[data-sign]").click();
    }
    if (!field.matches("[data-measure]")) return;
    if (event.key === "Backspace" && field.value === "") {
      event.preventDefault();
      const before = neighbour(field, -1);
      before?.focus();
      before?.setSelectionRange(before.value.length, before.value.length);
    }
    if (event.key === "Enter" && !event.ctrlKey) {
      const wrong = [...form.querySelectorAll("[data-measure]")].filter((one) => !judge(one));
      if (wrong.length) {
        event.preventDefault();
        wrong[0].focus();
      }
    }
  });
  // A day somebody chose stays; else the next visit follows from what this one closes.
  const next = form.querySelector("[data-next]");
  next?.addEventListener("change", () => (next.dataset.chosen = "yes"));
  new MutationObserver(() => {
    const day = document.getElementById("closes")?.dataset.nextDay;
    if (day && next && !next.dataset.chosen) next.value = day;
  }).observe(document.querySelector(".q-visit__aside"), { childList: true });
  enlivenDiagnoses(form);
  // Where nothing is measured yet the first field waits; afterwards the next question does.
  const first = form.querySelector("[data-measure]");
  if (first && !first.value) first.focus();
  else form.querySelector("[data-first]")?.focus();
}

// A diagnosis that is ticked moves to those chosen, so that the next search does not lose it.
function choose(tick) {
  const hit = tick.closest(".q-hit");
  document.getElementById("chosen").append(tick.closest(".q-tick"));
  hit.remove();
  const find = document.getElementById("id_find");
  find.focus();
  find.select();
}

// Arrows walk from the box through what was found and back, Enter takes the first, Escape closes.
function enlivenDiagnoses(form) {
  const find = document.getElementById("id_find");
  const hits = document.getElementById("hits");
  const all = () => [...hits.querySelectorAll("[data-hit]")];
  hits.addEventListener("change", (event) => event.target.checked && choose(event.target));
  form.addEventListener("keydown", (event) => {
    const at = all().indexOf(document.activeElement);
    const first = hits.querySelector("input");
    if (event.target !== find && at < 0) return;
    if (event.key === "ArrowDown") (all()[at + 1] ?? all().at(-1))?.focus();
    else if (event.key === "ArrowUp") (all()[at - 1] ?? find).focus();
    else if (event.key === "Escape") {
      hits.replaceChildren();
      find.focus();
    } else if (event.key === "Enter" && !event.ctrlKey && event.target === find) {
      if (find.value.trim() && find.dataset.answered === find.value) first?.click();
    } else if (event.key === "Enter" && !event.ctrlKey && event.target.matches("input")) event.target.click();
    else return;
    event.preventDefault();
  });
  // Enter takes the first of what this very text found, never of the text before it.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === find) event.detail.xhr.find = find.value;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== hits) return;
    find.dataset.answered = event.detail.xhr.find ?? "";
    if (document.activeElement === document.body) hits.querySelector("input")?.focus();
  });
}

const form = document.getElementById("visit-form");
if (form) {
  enliven(form);
  keepDraft(form);
}
