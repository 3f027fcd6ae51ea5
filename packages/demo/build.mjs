// Builds the demo: one page, its script and style, and the worker that harms a call.

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { SIDETONE_ASSETS: assets } = process.env;
if (!assets) throw new Error("run `cargo xtask assets`: it says where things go");

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(assets, "demo");
mkdirSync(out, { recursive: true });
copyFileSync(join(here, "src/index.html"), join(out, "index.html"));
const common = { absWorkingDir: here, bundle: true, minify: true, target: ["chrome123", "firefox120", "safari17.5"], logLevel: "warning", outdir: out };
await build({ ...common, entryPoints: ["src/call.ts", "src/harm_worker.ts", "src/load_worker.ts"], format: "iife" });
await build({ ...common, entryPoints: ["src/call.css"], loader: { ".woff2": "file" }, assetNames: "[name]-[hash]" });
