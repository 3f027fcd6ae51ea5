/** `import { createPhone } from "@sidetone/sdk/phone"`: calls from the browser by any SIP server with WebSockets, each of them measured. */

import type { Phone, PhoneOptions } from "./api.ts";
import { PhoneCore } from "./phone.ts";

export type * from "./api.ts";

/** A phone that is not connected yet. Throws a `TypeError` for servers that are none. */
export function createPhone(options: PhoneOptions): Phone {
  return new PhoneCore(options);
}
