/**
 * Calls by the API of voximplant-websdk 4.13 on Sidetone's phone: `import * as VoxImplant from "@sidetone/sdk/voximplant"`, or the global
 * `VoxImplant` of the script `/sdk/voximplant.js`.
 */

import { createPhone } from "../../phone/index.ts";
import { Client, VERSION } from "./client.ts";

export { Call, Call as AbstractCall, Call as SharingCall, Call as ViewerCall } from "./call.ts";
export { CallEvents, SidetoneEvents } from "./call-events.ts";
export { Client } from "./client.ts";
export { CloudOnlyError, getMessenger } from "./cloud.ts";
export type * from "./codecs.ts";
export { Endpoint } from "./endpoint.ts";
export {
  AuthResultCode,
  CallState,
  ClientState,
  ConnectionNode,
  EndpointEvents,
  Events,
  LogCategory,
  LogLevel,
  MediaRenderDisablingReason,
  MediaRendererKind,
  TrackType,
} from "./enums.ts";
export type { EventHandlers } from "./event-handlers.ts";
export { type EventListenerOption, EventTarget } from "./event-target.ts";
export * as Hardware from "./hardware.ts";
export { MediaRenderer } from "./media-renderer.ts";
export { callStats, type CallStats } from "./stats/call-stats.ts";
export type * from "./stats/report.ts";
export * from "./structures.ts";

/** Version of voximplant-websdk whose API this is. */
export const version = VERSION;

/** Where the script came from; set when it is loaded, for a script knows that only then. */
const script = typeof document === "undefined" ? undefined : (document.currentScript as HTMLScriptElement | null)?.src;
const { origin } = new URL(script ?? globalThis.location?.href ?? "http://localhost");

let client: Client | undefined;

/** The page's one client. */
export function getInstance(): Client {
  return (client ??= new Client(createPhone, origin));
}
