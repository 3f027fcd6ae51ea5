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

/** The `configParams` of `initialize`, checked. */
export function config(given: unknown): ConfigParams {
  if (typeof given !== "object" || given === null) return {};
  const config = given as ConfigParams;
  limited("applicationVersion", config.applicationVersion, LIMITS.applicationVersion);
  if (config.siteID !== undefined && typeof config.siteID !== "string") refuse("siteID must be a string");
  limited("siteID", config.siteID, LIMITS.siteId);
  if (config.additionalIDs !== undefined && (typeof config.additionalIDs !== "object" || config.additionalIDs === null)) refuse("additionalIDs must be an object");
  const additionalIDs = Object.fromEntries(
    Object.entries(config.additionalIDs ?? {}).map(([name, value]) => [name, limited(`additionalIDs.${name}`, value, LIMITS.additionalId)]),
  );
  return { ...config, additionalIDs };
}

/** The address of the server in what `setProxyConfig` was given. */
export function proxied(given: unknown): string {
  const { authServiceURL, collectorURL } = (typeof given === "object" && given !== null ? given : {}) as ProxyConfig;
  const url = authServiceURL ?? collectorURL ?? refuse(`${INVALID_ARGUMENT}: authServiceURL is missing`);
  return new URL(url).href.replace(/\/$/, "");
}
