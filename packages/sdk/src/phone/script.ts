/** The script tag's entry: makes `SidetonePhone` a global. */

import { createPhone } from "./index.ts";

(globalThis as { SidetonePhone?: object }).SidetonePhone ??= { createPhone };
