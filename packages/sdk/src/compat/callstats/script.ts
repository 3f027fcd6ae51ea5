/** The script tag's entry: makes `callstats` a global, or an AMD module where a loader is there. */

import { callstats } from "./index.ts";

const page = globalThis as { callstats?: unknown; define?: { (name: string, factory: () => unknown): void; amd?: unknown } };
if (typeof page.define === "function" && page.define.amd) page.define("callstats", () => callstats);
else page.callstats = callstats;
