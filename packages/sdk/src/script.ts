/** The script tag's entry: makes `Sidetone` a global. */

import { Sidetone } from "./client.ts";

const page = globalThis as { Sidetone?: typeof Sidetone };
if (page.Sidetone) console.warn("sidetone: sidetone.js is loaded twice; the first one stays");
else page.Sidetone = Sidetone;
