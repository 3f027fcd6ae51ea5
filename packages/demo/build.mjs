// Builds the demo's pages, their scripts and styles, and the worker that harms a call.

import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { SIDETONE_ASSETS: assets } = process.env;
if (!assets) throw new Error("run `cargo xtask assets`: it says where things go");

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(assets, "demo");
mkdirSync(out, { recursive: true });
for (const page of ["index.html", "phone/index.html", "voximplant/index.html", "twelve-lines/index.html", "twelve-lines/phone.html"]) {
  mkdirSync(dirname(join(out, page)), { recursive: true });
  copyFileSync(join(here, "src", page), join(out, page));
}
const common = { absWorkingDir: here, bundle: true, minify: true, target: ["chrome123", "firefox120", "safari17.5"], logLevel: "warning", outdir: out };
/** Each file of `src` beside the others, whatever its folder. */
const entries = (files) => files.map((file) => ({ in: `src/${file}`, out: file.replace(/^.*\/|\.\w+$/g, "") }));
await build({ ...common, entryPoints: entries(["call.ts", "harm_worker.ts", "load_worker.ts", "phone/phone.ts", "voximplant/voximplant.ts", "twelve-lines/twelve_lines.ts"]), format: "iife" });
await build({ ...common, entryPoints: [...entries(["call.css", "phone/phone.css"]), { in: "src/twelve-lines/frame.css", out: "twelve-lines/frame" }], loader: { ".woff2": "file" }, assetNames: "[name]-[hash]" });
