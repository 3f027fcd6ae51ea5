/** Plivo's Browser SDK over Sidetone's phone: `import Plivo from "@sidetone/sdk/plivo"`, or `window.Plivo` of the script `/sdk/plivo.js`. */

import { Client } from "./client.ts";
import type { ConfiguationOptions } from "./options.ts";

export type { Audio, DeviceChange, InputDevices, OutputDevices, RingToneDevices } from "./audio.ts";
export type { BrowserDetails } from "./browser.ts";
export type { CallInfo, HangupInfo } from "./call-info.ts";
export type { CallSession } from "./call-session.ts";
export { Client } from "./client.ts";
export type { ExtraHeaders } from "./headers.ts";
export type { AvailableLogMethods } from "./log.ts";
export type { ConnectionInfo } from "./login.ts";
export type { MediaMetric } from "./metrics.ts";
export type { Rules } from "./metrics-rules.ts";
export type { AvailableFlagValues, ConfiguationOptions, DtmfOptions, SidetoneConfiguration, SidetoneOptions } from "./options.ts";
export type { Volume } from "./volume.ts";

/** Where the page keeps its client: a second `new Plivo()` is given the same one, whichever copy of the library it is of. */
const KEY = Symbol.for("sidetone.plivo.client");
const page = globalThis as { [KEY]?: Client };

class Plivo {
  readonly client: Client;

  constructor(options?: ConfiguationOptions) {
    this.client = page[KEY] ??= new Client(options);
  }
}

export default Plivo;
