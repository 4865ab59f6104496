
// A form that does not reach the server stays on the page with its text, and says so.
const PATIENCE = 30000;

async function send(form, button) {
  let text = written(form, button);
  let answer = await post(form, text);
  if (answer?.status === 403 && (await renewToken(form))) answer = await post(form, (text = written(form, button)));
  if (answer?.status === 401) return stay(form, button, "signed-out");
  if (!answer || answer.status >= 500) return stay(form, button, "unreached");
  if (answer.headers.has("Qamqor-Refused")) return refuse(form, button, answer);
  forget(form);
  const to = answer.headers.get("Qamqor-Go");
  if (to) {
    const isHere = new URL(to, location.href).href.split("#")[0] === location.href.split("#")[0];
    location.assign(to);
    if (isHere && to.includes("#")) location.reload();
  } else {
    // Refused: nothing was written, so the very same is sent once more to show what the server says.
    const again = Object.assign(document.createElement("form"), { method: "post", action: addressOf(form), hidden: true });
    for (const [name, value] of text) again.append(Object.assign(document.createElement("textarea"), { name, value }));
    document.body.append(again);
    again.submit();
  }
}

function written(form, button) {
  const text = new FormData(form);
  if (button?.name) text.append(button.name, button.value);
  return text;
}

function addressOf(form) {
  return form.getAttribute("action") ?? location.href;
}

async function post(form, body) {
  try {
    return await fetch(addressOf(form), { method: "POST", body, headers: { "Qamqor-Stays": "yes" }, redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    return null;
  }
}

// Signing in again in another window changes the token of every form.
export async function renewToken(form) {
  const token = (await anew())?.querySelector("[name=csrfmiddlewaretoken]")?.value;
  if (!token) return false;
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
  return true;
}

function stay(form, button, why) {
  delete form.dataset.sent;
  if (button?.dataset.idle) {
    button.removeAttribute("aria-busy");
    button.querySelector("[data-label]").textContent = button.dataset.idle;
  }
  tell(form, why);
  form.dispatchEvent(new CustomEvent("notsaved"));
}

// Nothing was written, and the words stay: what the server says stands beside them.
async function refuse(form, button, answer) {
  const words = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[role=alert]");
  if (answer.headers.get("Qamqor-Refused") === "fhir.version-conflict") await renewVersion(form);
  stay(form, button, words);
  words.querySelector("[data-anew]").href = location.href;
  words.focus();
}

// Whoever has read that somebody changed it saves over that change by pressing again.
async function renewVersion(form) {
  const page = await anew();
  const same = (other) => other.getAttribute("action") === form.getAttribute("action") && other.elements.to?.value === form.elements.to?.value;
  const version = [...(page?.forms ?? [])].find(same)?.elements.version?.value;
  if (version && form.elements.version) form.elements.version.value = version;
}

async function anew() {
  try {
    const answer = await fetch(location.href, { redirect: "manual" });
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  } catch {
    return null;
  }
}

function tell(form, why) {
  forget(form);
  const said = why.nodeType ? why : document.getElementById(`not-saved-${why}`).content.firstElementChild.cloneNode(true);
  said.dataset.notSaved = "";
  // Beside the button: a form of a whole page has it in the footer.
  const place = form.id && document.querySelector(`.q-footer [form="${form.id}"]`) ? document.querySelector(".q-footer") : form;
  place.prepend(said);
}

function forget(form) {
  for (const said of document.querySelectorAll("[data-not-saved]")) if (form.contains(said) || said.closest(".q-footer")) said.remove();
}

window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-stays] [data-not-saved], .q-footer > [data-not-saved]")) event.preventDefault();
});

// The same for what a part of the page asked: the part stays, and the key of the form saves it once.
function lost(event, why) {
  const asked = event.detail.elt;
  const form = asked.closest("form");
  if (!form || form.matches("[role=search]") || event.detail.requestConfig.verb === "get") return unseen(event.detail.target, why);
  if (form.hasAttribute("data-stays")) return;
  delete form.dataset.sent;
  tell(form, why);
}

// What was only to be shown is not there: what stands in its place is from before, and must not seem new.
function unseen(place, why) {
  if (!place || place.matches("p")) return;
  place.querySelector(":scope > [data-not-loaded]")?.remove();
  const said = document.getElementById(`not-loaded-${why}`)?.content.firstElementChild.cloneNode(true);
  if (!said) return;
  said.dataset.notLoaded = "";
  place.prepend(said);
  if (said.offsetParent === null) document.querySelector("main").prepend(said);
}
document.addEventListener("htmx:sendError", (event) => lost(event, "unreached"));
document.addEventListener("htmx:timeout", (event) => lost(event, "unreached"));
document.addEventListener("htmx:responseError", async (event) => {
  const { status } = event.detail.xhr;
  if (status === 401) lost(event, "signed-out");
  if (status >= 500) lost(event, "unreached");
  const form = event.detail.elt.closest("form");
  if (status === 403 && form && event.detail.requestConfig.verb !== "get") lost(event, (await renewToken(form)) ? "unreached" : "signed-out");
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt.closest("form");
  for (const said of document.querySelectorAll("[data-not-loaded]")) said.remove();
  if (form && !form.hasAttribute("data-stays")) forget(form);
});
