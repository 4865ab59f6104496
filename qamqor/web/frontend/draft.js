// Keeps what is typed in a form on the server: every five seconds, and whenever a field is left.
// The text is only ever in the page and on the server, never in the browser's storage.
import { renewToken } from "./qamqor.js";

const EVERY = 5000;

export function keepDraft(form) {
  const kept = { text: written(form), saving: null, sending: false };
  const save = () => (kept.saving ??= send(form, kept).finally(() => (kept.saving = null)));
  const isNew = () => written(form) !== kept.text;

  setInterval(() => isNew() && save(), EVERY);
  form.addEventListener("focusout", () => isNew() && save());
  form.addEventListener("input", () => say(form, "unsaved"));
  window.addEventListener("online", () => isNew() && save());
  window.addEventListener("beforeunload", (event) => {
    if (!kept.sending && isNew()) event.preventDefault();
  });
  form.addEventListener("notsaved", () => (kept.sending = false));
  window.addEventListener("pageshow", (event) => event.persisted && (kept.sending = false));
  // What cannot reach the server must not leave the page: the draft is kept first, then the form goes.
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (kept.sending) return;
    if (button?.value === "compare") {
      kept.sending = true;
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    await kept.saving;
    if ((await save()) === "kept") {
      kept.sending = true;
      form.requestSubmit(button);
    }
  });
}

function written(form) {
  const fields = [...new FormData(form)].filter(([name]) => !["csrfmiddlewaretoken", "version"].includes(name));
  return JSON.stringify(fields);
}

async function send(form, kept) {
  const text = written(form);
  let answer = await post(form);
  if (answer?.status === 403 && (await renewToken(form))) answer = await post(form);
  if (answer === null) return say(form, "offline");
  if (answer.type === "opaqueredirect" || answer.status === 403) return say(form, "signedOut");
  if (answer.status === 409) return say(form, "stale");
  if (!answer.ok) return say(form, "offline");
  if (answer.status === 204) return "kept"; // In the record already: an answer was lost on the way.
  const parts = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of [...parts.body.children]) document.getElementById(part.id)?.replaceWith(part);
  form.elements.version.value = document.getElementById("draft-state").dataset.version;
  kept.text = text;
  say(form, text === written(form) ? "" : "unsaved");
  return "kept";
}

async function post(form) {
  try {
    return await fetch(form.dataset.draft, { method: "POST", body: new FormData(form), redirect: "manual" });
  } catch {
    return null;
  }
}

function say(form, what) {
  const state = document.getElementById("draft-state");
  document.getElementById("compare").hidden = what !== "stale";
  document.getElementById("sign-in-again").hidden = what !== "signedOut";
  if (what) {
    state.classList.add("is-unsaved");
    if (state.textContent.trim() !== form.dataset[what]) state.textContent = form.dataset[what];
  }
  return what;
}
