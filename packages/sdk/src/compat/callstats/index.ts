/**
 * `callstats()` as callstats.js offers it: `import { callstats } from "@sidetone/sdk/callstats"`, or the global of the script
 * `/static/callstats.min.js`.
 */

import { Service, VERSION } from "./callstats.ts";
import * as enums from "./enums.ts";

export type { Answer } from "./answer.ts";
export type { ConfigParams, ProxyConfig } from "./config.ts";
export type { TokenGenerator } from "./credentials.ts";
export type { TestResults } from "./network.ts";
export type { ConferenceStats, TrackStats } from "./statistics.ts";

/** Where the script came from; set when it is loaded, for a script knows that only then. */
const origin = typeof document === "undefined" ? undefined : (document.currentScript as HTMLScriptElement | null)?.src;
const service = new Service(new URL(origin ?? globalThis.location?.href ?? "http://localhost").origin);

const METHODS = [
  "initialize",
  "addNewFabric",
  "sendFabricEvent",
  "associateMstWithUserID",
  "reportError",
  "sendUserFeedback",
  "sendCallDetails",
  "sendCustomEvent",
  "sendCustomStats",
  "setIdentifiers",
  "setProxyConfig",
  "on",
  "attachWifiStatsHandler",
  "resetWifiStatsHandler",
  "startPrecallTests",
  "stopPrecallTests",
  "makePrecallTest",
  "getSctResults",
  "getTurnCredentials",
] as const;

const ENUMERATIONS = {
  fabricUsage: enums.fabricUsage,
  fabricEvent: enums.fabricEvent,
  webRTCFunctions: enums.webRTCFunctions,
  csError: enums.csError,
  qualityRating: enums.qualityRating,
  callStatsAPIReturnStatus: enums.callStatsAPIReturnStatus,
  userIDType: enums.userIDType,
  endpointType: enums.endpointType,
  transmissionDirection: enums.transmissionDirection,
  callType: enums.callType,
  roles: enums.roles,
};

/** The API object. */
export type Callstats = Pick<Service, (typeof METHODS)[number]> & typeof ENUMERATIONS & { readonly version: string };

/** `callstats()` and `new callstats()` give an API object; all of a page share one service. `callstats.version` is its version. */
export interface CallstatsFactory {
  (): Callstats;
  new (): Callstats;
  readonly version: string;
}

const methods = Object.fromEntries(METHODS.map((name) => [name, (service[name] as (...values: unknown[]) => unknown).bind(service)]));

export const callstats = Object.assign(
  function callstats(): Callstats {
    return { ...methods, ...ENUMERATIONS, version: VERSION } as unknown as Callstats;
  },
  { version: VERSION },
) as unknown as CallstatsFactory;
