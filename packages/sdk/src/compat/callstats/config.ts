/** What a page may set beforehand. */

import { INVALID_ARGUMENT, LIMITS, limited, refuse } from "./answer.ts";

export interface ConfigParams {
  readonly disableBeforeUnloadHandler?: boolean;
  readonly applicationVersion?: string;
  readonly disablePrecalltest?: boolean;
  readonly siteID?: string;
  readonly additionalIDs?: Readonly<Record<string, string>>;
  /** Accepted and without effect: no browser has callback-style getStats any more. */
  readonly collectLegacyStats?: boolean;
  readonly collectIP?: boolean;
  readonly collectHeadsetStats?: boolean;
  readonly callbackLogger?: (line: { readonly logLevel: string; readonly args: readonly string[] }) => void;
}

/** Where the server is, when it is not where the script came from. */
export interface ProxyConfig {
  readonly collectorURL?: string;
  readonly authServiceURL?: string;
  readonly restEventURL?: string;
  readonly restStatsURL?: string;
  readonly appSettingsURL?: string;
}

/** The `configParams` of `initialize`, checked. As in callstats.js, `siteID` and `additionalIDs` of a wrong type are left out, and `told`. */
export function config(given: unknown, told: (ignored: string) => void): ConfigParams {
  if (typeof given !== "object" || given === null) return {};
  const { siteID, additionalIDs, ...config } = given as ConfigParams & Readonly<Record<"siteID" | "additionalIDs", unknown>>;
  if (!isAbsent(siteID) && typeof siteID !== "string") told("siteID must be a string");
  limited("siteID", typeof siteID === "string" ? siteID : "", LIMITS.siteId);
  if (!isAbsent(additionalIDs) && typeof additionalIDs !== "object") told("additionalIDs must be an object");
  const ids = Object.entries(typeof additionalIDs === "object" ? (additionalIDs ?? {}) : {}).filter(([, value]) => !isAbsent(value));
  return {
    ...config,
    ...(typeof siteID === "string" && { siteID }),
    additionalIDs: Object.fromEntries(ids.map(([name, value]) => [name, limited(`additionalIDs.${name}`, value, LIMITS.additionalId)])),
  };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** The address of the server in what `setProxyConfig` was given. */
export function proxied(given: unknown): string {
  const { authServiceURL, collectorURL } = (typeof given === "object" && given !== null ? given : {}) as ProxyConfig;
  const url = authServiceURL ?? collectorURL ?? refuse(`${INVALID_ARGUMENT}: authServiceURL is missing`);
  return new URL(url).href.replace(/\/$/, "");
}
