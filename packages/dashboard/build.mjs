// Builds what the pages load: one script, one that sets the theme before anything is painted, one style sheet with its fonts; and for the API's page
// a script and a style sheet of its own.

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { SIDETONE_ASSETS: assets } = process.env;
if (!assets) throw new Error("run `cargo xtask assets`: it says where things go");

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(assets, "dashboard");
mkdirSync(out, { recursive: true });
copyFileSync(join(here, "style/mark.svg"), join(out, "mark.svg"));
const common = { absWorkingDir: here, bundle: true, minify: true, target: ["chrome123", "firefox120", "safari17.5"], logLevel: "warning", outdir: out };
await build({ ...common, entryPoints: ["src/dashboard.ts", "src/api.ts"], format: "esm" });
await build({ ...common, entryPoints: ["src/theme.ts"], format: "iife" });
await build({ ...common, entryPoints: ["style/dashboard.css", "style/api.css"], loader: { ".woff2": "file" }, assetNames: "[name]-[hash]" });
