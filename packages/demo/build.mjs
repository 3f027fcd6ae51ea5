// Builds the demo's pages, their scripts and styles, and the worker that harms a call.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { SIDETONE_ASSETS: assets } = process.env;
if (!assets) throw new Error("run `cargo xtask assets`: it says where things go");

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(assets, "demo");
mkdirSync(out, { recursive: true });
copyFileSync(join(here, "src/index.html"), join(out, "index.html"));
/** The pages with phones, by their folders: what they are called, and their scripts. Each is written without the frame that they share. */
const PHONES = {
  phone: { name: "Phone", scripts: ["/sdk/plivo.js", "../phone.js"] },
  voximplant: { name: "Voximplant face", scripts: ["/sdk/voximplant.js", "../voximplant.js"] },
  "twelve-lines": { name: "Twelve lines", scripts: ["../twelve_lines.js"] },
};
const frame = readFileSync(join(here, "src/frame.html"), "utf8");
for (const [folder, { name, scripts }] of Object.entries(PHONES)) {
  const others = Object.entries(PHONES).filter(([other]) => other !== folder);
  const parts = {
    name,
    scripts: scripts.map((src) => `<script src="${src}" defer></script>`).join("\n  "),
    others: others.map(([other, { name }]) => `<a data-page="../${other}/">${name}</a>`).join("\n      "),
    content: readFileSync(join(here, "src", folder, "content.html"), "utf8").trimEnd(),
  };
  mkdirSync(join(out, folder), { recursive: true });
  writeFileSync(join(out, folder, "index.html"), frame.replaceAll(/\{\{(\w+)\}\}/g, (_, part) => parts[part]));
}
copyFileSync(join(here, "src/twelve-lines/phone.html"), join(out, "twelve-lines/phone.html"));
const common = { absWorkingDir: here, bundle: true, minify: true, target: ["chrome123", "firefox120", "safari17.5"], logLevel: "warning", outdir: out };
/** Each file of `src` beside the others, whatever its folder. */
const entries = (files) => files.map((file) => ({ in: `src/${file}`, out: file.replace(/^.*\/|\.\w+$/g, "") }));
await build({ ...common, entryPoints: entries(["call.ts", "harm_worker.ts", "load_worker.ts", "phone/phone.ts", "voximplant/voximplant.ts", "twelve-lines/twelve_lines.ts"]), format: "iife" });
await build({ ...common, entryPoints: [...entries(["call.css", "phone/phone.css"]), { in: "src/twelve-lines/frame.css", out: "twelve-lines/frame" }], loader: { ".woff2": "file" }, assetNames: "[name]-[hash]" });
