// Builds what a page loads: `sidetone.js` for a script tag, `sidetone.mjs` for `import`, and the engine beside them.

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { SIDETONE_ASSETS: assets, SIDETONE_ENGINE: engine } = process.env;
if (!assets || !engine) throw new Error("run `cargo xtask assets`: it builds the engine first and says where things go");

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(assets, "sdk");
mkdirSync(out, { recursive: true });
copyFileSync(join(engine, "engine_bg.wasm"), join(out, "engine.wasm"));
const options = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: ["chrome94", "firefox102", "safari15.4"],
  logLevel: "warning",
};
await build({ ...options, entryPoints: ["src/index.ts"], format: "esm", outfile: join(out, "sidetone.mjs") });
await build({ ...options, entryPoints: ["src/compat/messenger/index.ts"], format: "esm", outfile: join(out, "messenger.mjs") });
