// Builds what a page loads: `sidetone.js` for a script tag, `sidetone.mjs` for `import`, the engine beside them, and all of it as an npm package.

import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { SIDETONE_ASSETS: assets, SIDETONE_ENGINE: engine, SIDETONE_DENOISE: denoise } = process.env;
if (!assets || !engine || !denoise) throw new Error("run `cargo xtask assets`: it builds the WebAssembly first and says where things go");

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(assets, "sdk");
for (const folder of [out, join(here, "generated")]) mkdirSync(folder, { recursive: true });
for (const folder of [out, join(here, "generated")]) {
  for (const name of ["engine.wasm", "encoder.wasm"]) copyFileSync(join(engine, name), join(folder, name));
}
for (const name of ["denoise.js", "denoise.d.ts"]) copyFileSync(join(denoise, name), join(here, "generated", name));
copyFileSync(join(denoise, "denoise_bg.wasm"), join(out, "denoise.wasm"));

const digest = (name, encoding) => createHash("sha256").update(readFileSync(join(engine, name))).digest(encoding);
const integrity = (name) => JSON.stringify(`sha256-${digest(name, "base64")}`);
// As `crates/server/src/asset.rs` makes it.
const tag = (name) => JSON.stringify(digest(name, "base64url").slice(0, 16));
const manifest = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: ["chrome94", "firefox102", "safari15.4"],
  legalComments: "none",
  banner: { js: `/*! Sidetone ${manifest.version}, Apache-2.0 OR MIT. Work of others in it: notices.txt beside it. */` },
  logLevel: "warning",
  define: {
    VERSION: JSON.stringify(manifest.version),
    ENGINE_INTEGRITY: integrity("engine.wasm"),
    ENCODER_INTEGRITY: integrity("encoder.wasm"),
    ENGINE_TAG: tag("engine.wasm"),
    ENCODER_TAG: tag("encoder.wasm"),
    // The glue of the noise reduction would look for its module beside itself; we always say where it is.
    "import.meta.url": '""',
  },
};
await build({ ...common, entryPoints: ["src/index.ts"], format: "esm", outfile: join(out, "sidetone.mjs") });
await build({ ...common, entryPoints: ["src/script.ts"], format: "iife", outfile: join(out, "sidetone.js") });
await build({ ...common, entryPoints: ["src/compat/callstats/index.ts"], format: "esm", outfile: join(out, "callstats.mjs") });
// Under the names that pages of callstats.js load, so that they change nothing but the host.
for (const name of ["callstats.min.js", "callstats-ws.min.js"]) {
  await build({ ...common, entryPoints: ["src/compat/callstats/script.ts"], format: "iife", outfile: join(assets, "static", name) });
}
await build({ ...common, entryPoints: ["src/compat/messenger/index.ts"], format: "esm", outfile: join(out, "messenger.mjs") });
// The phone, for pages that call: those that only observe load none of it.
const { "import.meta.url": _, ...define } = common.define;
// As modules they look beside themselves for the noise reduction.
await build({ ...common, define, entryPoints: ["src/phone/index.ts"], format: "esm", outfile: join(out, "phone.mjs") });
await build({ ...common, entryPoints: ["src/phone/script.ts"], format: "iife", outfile: join(out, "phone.js") });
await build({ ...common, define, entryPoints: ["src/compat/plivo/index.ts"], format: "esm", outfile: join(out, "plivo.mjs") });
await build({ ...common, entryPoints: ["src/compat/plivo/script.ts"], format: "iife", outfile: join(out, "plivo.js") });
await build({ ...common, define, entryPoints: ["src/compat/voximplant/index.ts"], format: "esm", outfile: join(out, "voximplant.mjs") });
await build({ ...common, entryPoints: ["src/compat/voximplant/script.ts"], format: "iife", outfile: join(out, "voximplant.js") });
await build({ ...common, entryPoints: ["src/phone/media/denoise-worklet.ts"], format: "iife", outfile: join(out, "denoise-worklet.js") });

// The package, for those who install rather than load: `npm install https://…/sdk/sidetone-sdk.tgz`.
const packed = join(here, "generated", "package");
rmSync(packed, { recursive: true, force: true });
mkdirSync(packed, { recursive: true });
for (const name of ["sidetone.mjs", "messenger.mjs", "phone.mjs", "plivo.mjs", "voximplant.mjs", "engine.wasm", "encoder.wasm", "denoise.wasm", "denoise-worklet.js"]) copyFileSync(join(out, name), join(packed, name));
copyFileSync(join(here, "README.md"), join(packed, "README.md"));
copyFileSync(join(out, "notices.txt"), join(packed, "notices.txt"));
for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) copyFileSync(join(here, "../..", name), join(packed, name));
const { name, version, description, license } = manifest;
const exports = {
  ".": { types: "./types/index.d.ts", default: "./sidetone.mjs" },
  "./messenger": { types: "./types/compat/messenger/index.d.ts", default: "./messenger.mjs" },
  "./phone": { types: "./types/phone/index.d.ts", default: "./phone.mjs" },
  "./plivo": { types: "./types/compat/plivo/index.d.ts", default: "./plivo.mjs" },
  // As plivo-browser-sdk has its typings in parts: with the package under its name, imports of `…/client` still find them.
  "./plivo/*": { types: "./types/compat/plivo/index.d.ts", default: "./plivo.mjs" },
  "./voximplant": { types: "./types/compat/voximplant/index.d.ts", default: "./voximplant.mjs" },
  // Likewise `voximplant-websdk/Call/Call`.
  "./voximplant/*": { types: "./types/compat/voximplant/index.d.ts", default: "./voximplant.mjs" },
  "./engine.wasm": "./engine.wasm",
  "./encoder.wasm": "./encoder.wasm",
  "./denoise.wasm": "./denoise.wasm",
  "./denoise-worklet.js": "./denoise-worklet.js",
};
writeFileSync(join(packed, "package.json"), JSON.stringify({ name, version, description, license, type: "module", sideEffects: false, exports }, undefined, 2));
execFileSync("npm", ["exec", "--", "tsc", "--project", "tsconfig.types.json"], { cwd: here, stdio: "inherit" });
const file = execFileSync("npm", ["pack", "--silent", "--pack-destination", out, packed], { cwd: here, encoding: "utf8" }).trim();
renameSync(join(out, file), join(out, "sidetone-sdk.tgz"));
