// Passkeys: asks the device, and sends its answer with the form. Shown only where the browser can.
const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function readable({ publicKey }) {
  const known = (list) => list?.map((one) => ({ ...one, id: toBytes(one.id) }));
  const options = { ...publicKey, challenge: toBytes(publicKey.challenge) };
  if (options.user) {
    options.user = { ...options.user, id: toBytes(options.user.id) };
    options.authenticatorSelection = { ...options.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required" };
  }
  options.excludeCredentials = known(options.excludeCredentials) ?? [];
  options.allowCredentials = known(options.allowCredentials) ?? [];
  return options;
}

function sendable(credential) {
  const said = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    const part = credential.response[name];
    if (part) said[name] = toText(part);
  }
  if (credential.response.getTransports) said.transports = credential.response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response: said,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function ask(form) {
  if (form.dataset.passkey === "create") {
    return navigator.credentials.create({ publicKey: readable(JSON.parse(form.dataset.options)) });
  }
  if (form.dataset.passkey === "get") {
    return navigator.credentials.get({ publicKey: readable(JSON.parse(form.dataset.options)) });
  }
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  return navigator.credentials.get({ publicKey: readable((await answer.json()).request_options) });
}

for (const form of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.querySelector("button").addEventListener("click", async (event) => {
    event.preventDefault();
    try {
      form.elements.credential.value = sendable(await ask(form));
      form.submit();
    } catch {
      form.querySelector("[data-failed]").hidden = false;
    }
  });
}
