/** The script tag's entry: makes `Plivo` a global. */

import Plivo from "./index.ts";

(globalThis as { Plivo?: typeof Plivo }).Plivo = Plivo;
