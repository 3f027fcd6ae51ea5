/** The script tag's entry: makes `VoxImplant` a global. */

import * as VoxImplant from "./index.ts";

const page = globalThis as { VoxImplant?: typeof VoxImplant };
if (page.VoxImplant) console.warn("sidetone: voximplant.js is loaded twice, or beside the original; the first one stays");
else page.VoxImplant = VoxImplant;
