// A questionnaire as it is filled in: questions that follow from answers, the score, urgent answers.
// The same rules as qamqor/engine/forms/answers.py; a test holds the two together.
import { keepDraft } from "./draft.js";

function answers(sheet) {
  const found = {};
  for (const question of sheet.querySelectorAll("[data-question]")) {
    const field = question.querySelector("input:checked, input[type=text], textarea");
    if (field?.value.trim()) found[question.dataset.question] = field.value.trim();
  }
  return found;
}

function follow(sheet) {
  const given = answers(sheet);
  const asked = new Set();
  let total = 0;
  let isWhole = true;
  for (const question of sheet.querySelectorAll("[data-question]")) {
    const when = Object.entries(JSON.parse(question.dataset.when ?? "{}"));
    const isAsked = when.every(([name, wanted]) => asked.has(name) && wanted.includes(given[name]));
    question.hidden = !isAsked;
    if (!isAsked) continue;
    asked.add(question.dataset.question);
    const chosen = question.querySelector("input:checked");
    if (question.querySelector("[data-counts]")) {
      if (chosen) total += Number(chosen.dataset.counts);
      else isWhole = false;
    }
    warn(question, given[question.dataset.question]);
  }
  const score = sheet.querySelector("[data-score]");
  if (score) score.textContent = isWhole ? inWords(sheet, total) : score.dataset.unfinished;
}

function inWords(sheet, total) {
  const band = JSON.parse(sheet.dataset.bands ?? "[]").filter(([from]) => from <= total).at(-1);
  return band ? `${total}: ${band[1]}` : `${total}`;
}

// Said at once, not when the form is sent: the person may be on their way out by then.
function warn(question, answer) {
  const said = JSON.parse(question.dataset.alerts ?? "{}")[answer] ?? "";
  const place = question.querySelector("[data-warning]");
  if (place.querySelector("span").textContent === said) return;
  place.querySelector("span").textContent = said;
  place.hidden = !said;
}

// In a question a digit chooses the answer that shows it and goes on to the next question.
function byNumber(sheet, event) {
  const question = event.target.closest("[data-question]");
  if (!question || event.target.type !== "radio" || !/^[0-9]$/.test(event.key)) return;
  const choice = question.querySelector(`input[type=radio][data-key="${event.key}"]`);
  if (!choice) return;
  event.preventDefault();
  choice.click();
  const shown = [...sheet.querySelectorAll("[data-question]")].filter((one) => !one.hidden);
  const next = shown[shown.indexOf(question) + 1];
  (next?.querySelector("input:checked, input, textarea") ?? sheet.closest("form").querySelector("button")).focus();
}

for (const sheet of document.querySelectorAll("[data-questionnaire]")) {
  sheet.addEventListener("change", () => follow(sheet));
  sheet.addEventListener("keydown", (event) => byNumber(sheet, event));
  follow(sheet);
}

const kept = document.querySelector("form[data-draft]:has([data-questionnaire])");
if (kept) keepDraft(kept);
