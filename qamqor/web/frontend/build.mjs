// Makes the one stylesheet and the scripts of all pages. Run by `make setup`.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../..");
const modules = join(root, "node_modules");
const out = join(here, "../static/qamqor");
const version = (name) => createRequire(join(root, "package.json"))(`${modules}/${name}/package.json`).version;
const sass = await import(pathToFileURL(`${modules}/sass/sass.node.mjs`));

// A colour is written once, in tokens.css; Sass needs its value to mix shades of it.
const tokens = readFileSync(join(root, "qamqor/services/templates/tokens.css"), "utf8");
const colours = [...tokens.matchAll(/--q-([\w-]+):\s*(#[0-9a-f]{6})\b/gi)].map(([, name, value]) => `$${name}: ${value};`);
const importer = {
  canonicalize: (url) => (url === "tokens" ? new URL("tokens:all") : null),
  load: () => ({ contents: colours.join("\n"), syntax: "scss" }),
};
const compiled = sass.compile(join(here, "qamqor.scss"), {
  style: "compressed",
  loadPaths: [join(modules, "nhsuk-frontend/dist")],
  importers: [importer],
  quietDeps: true,
});

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const nhsuk = `nhsuk-${version("nhsuk-frontend")}.js`;
const htmx = `htmx-${version("htmx.org")}.js`;
// The parts of one script: a page asks for it once.
const parts = ["qamqor.js", "sending.js", "leaving.js", "find.js"].map((name) => readFileSync(join(here, name), "utf8"));
const script = parts.join("").replace("NHSUK", nhsuk);
const notice = "/* Parts from nhsuk-frontend, MIT License, Copyright NHS England. */\n";
keep("qamqor.css", notice + tokens.replace(/\/\*.*?\*\//gs, "").replace(/\s+/g, " ") + compiled.css);
keep("qamqor.js", script);
keep("passkeys.js", readFileSync(join(here, "passkeys.js"), "utf8"));
// A script that another one asks for has the same address in both, so that it runs once.
const asked = (name, text) => `./${name}?v=${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
const draft = readFileSync(join(here, "draft.js"), "utf8").replace("./qamqor.js", asked("qamqor.js", script));
keep("draft.js", draft);
for (const name of ["visit.js", "refer.js", "questionnaire.js"]) keep(name, readFileSync(join(here, name), "utf8").replace("./draft.js", asked("draft.js", draft)));
keep(nhsuk, plain(`${modules}/nhsuk-frontend/dist/nhsuk/nhsuk-frontend-${version("nhsuk-frontend")}.min.js`));
keep(htmx, plain(`${modules}/htmx.org/dist/htmx.min.js`));
const logo = readFileSync(join(root, "qamqor/services/templates/logo.svg"), "utf8");
writeFileSync(join(out, "logo.svg"), logo.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '));
writeFileSync(join(out, "names.json"), JSON.stringify({ htmx: `qamqor/${htmx}` }));

function plain(file) {
  return readFileSync(file, "utf8").replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
}

function keep(name, text) {
  writeFileSync(join(out, name), text);
  writeFileSync(join(out, `${name}.gz`), gzipSync(text, { level: 9 }));
  writeFileSync(join(out, `${name}.br`), brotliCompressSync(text));
}
