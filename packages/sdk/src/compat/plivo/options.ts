/** The constructor's options: Plivo's, checked as its SDK checks them, and ours. */

import type { AvailableLogMethods } from "./log.ts";
import { levelOf } from "./log.ts";
import { type EnginePreset, PRESETS, type Rules, type RulesName, presetOf } from "./metrics-rules.ts";

export type AvailableFlagValues = "ALL" | "NONE" | "REMOTEONLY" | "LOCALONLY";

export interface DtmfOptions {
  /** `inband`, `outband` or both. */
  sendDtmfType: string[];
}

/** Where Sidetone is, to which quality and feedback go. */
export interface SidetoneOptions {
  /** Default: where the script came from, or the page. */
  readonly url?: string;
  /** The app's intake secret (`sti_…`). */
  readonly secret?: string;
  /** Instead of a secret: gives a JSON Web Token. */
  readonly token?: () => Promise<string>;
  /** Where `engine.wasm` is. */
  readonly engineUrl?: string;
}

/** Ours; Plivo's SDK knows none of them. */
export interface SidetoneConfiguration {
  /** Domain of the users' addresses; Plivo's is built in. Default: the host of the first server. */
  sipDomain?: string;
  /** STUN and TURN servers, or a function that gives them. Default: those of Sidetone, where it has any. */
  iceServers?: readonly RTCIceServer[] | (() => Promise<readonly RTCIceServer[]>);
  /** Where quality and feedback go. Absent: nowhere. */
  sidetone?: SidetoneOptions;
  /** By which rules `mediaMetrics` are raised: Plivo's documentation's (default), or those that its SDK really has; or your own on top. The page and the issues of its calls are judged by the same. */
  mediaMetricsRules?: RulesName | ({ readonly preset?: RulesName } & Partial<Rules>);
}

/** The name is Plivo's. */
export interface ConfiguationOptions extends SidetoneConfiguration {
  codecs?: string[];
  enableTracking?: boolean;
  enableQualityTracking?: AvailableFlagValues | Lowercase<AvailableFlagValues>;
  debug?: AvailableLogMethods;
  permOnClick?: boolean;
  enableIPV6?: boolean;
  audioConstraints?: MediaTrackConstraints;
  dscp?: boolean;
  appId?: null | string;
  appSecret?: null | string;
  registrationDomainSocket?: string[] | string | null;
  clientRegion?: null | string;
  preDetectOwa?: boolean;
  disableRtpTimeOut?: boolean;
  allowMultipleIncomingCalls?: boolean;
  closeProtection?: boolean;
  maxAverageBitrate?: number;
  useDefaultAudioDevice?: boolean;
  registrationRefreshTimer?: number;
  enableNoiseReduction?: boolean;
  /** Both spellings are taken. */
  usePlivoStunServer?: boolean;
  usePlivoStunServers?: boolean;
  dtmfOptions?: DtmfOptions;
  noiseReductionFilePath?: string;
  stopAutoRegisterOnConnect?: boolean;
  captureSDKCrashOnly?: boolean;
}

/** Options with defaults for what is absent or not valid. */
export interface Settings {
  readonly debug: AvailableLogMethods;
  readonly permOnClick: boolean;
  readonly dtmf: { readonly inband: boolean; readonly outband: boolean };
  readonly audioConstraints: MediaTrackConstraints;
  /** Whether `mediaMetrics` are raised, and whether reports are sent. */
  readonly tracking: { readonly local: boolean; readonly remote: boolean };
  readonly closeProtection: boolean;
  readonly dscp: boolean;
  readonly multipleCalls: boolean;
  readonly clientRegion: string | undefined;
  readonly noiseReduction: boolean;
  readonly useDefaultAudioDevice: boolean;
  readonly autoRegister: boolean;
  readonly maxAverageBitrate: number;
  readonly registrationSeconds: number;
  readonly codecs: readonly string[];
  readonly servers: readonly string[] | undefined;
  readonly detectsLostMicrophone: boolean;
  readonly sipDomain: string | undefined;
  readonly iceServers: SidetoneConfiguration["iceServers"];
  readonly sidetone: SidetoneOptions | undefined;
  readonly rules: Rules;
  /** The same, as the engine names them. */
  readonly preset: EnginePreset;
}

const REGIONS = ["usa_west", "usa_east", "australia", "europe", "asia", "south_america", "south_asia"];
const CODECS = ["OPUS", "PCMU"];

/** Taken, and without effect: Plivo's services behind them are never asked, or there is nothing left to switch. */
const WITHOUT_EFFECT = ["enableIPV6", "appId", "appSecret", "disableRtpTimeOut", "usePlivoStunServer", "usePlivoStunServers", "noiseReductionFilePath", "captureSDKCrashOnly"];

const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** The settings, and what was ignored. Nothing here throws. */
export function settle(options: unknown): { readonly settings: Settings; readonly warnings: readonly string[] } {
  const given: Record<string, unknown> = isObject(options) ? { ...options } : {};
  const warnings: string[] = [];
  /** The value by `read`, or the default where it is absent or `read` gives nothing. */
  const take = <Value>(name: string, otherwise: Value, read: (value: unknown) => Value | undefined): Value => {
    const value = given[name];
    delete given[name];
    if (value === undefined || value === null) return otherwise;
    const valid = read(value);
    if (valid === undefined) warnings.push(`\`${name}\` is not valid and ignored`);
    return valid ?? otherwise;
  };
  const flag = (name: string, otherwise: boolean) => take(name, otherwise, (value) => (isBoolean(value) ? value : undefined));
  const number = (name: string, least: number, most: number, otherwise: number) =>
    take(name, otherwise, (value) => (Number.isInteger(value) && (value as number) >= least && (value as number) <= most ? (value as number) : undefined));

  const isTracking = flag("enableTracking", true);
  const quality = take("enableQualityTracking", "ALL", (value) => ["ALL", "NONE", "REMOTEONLY", "LOCALONLY"].find((flag) => flag === String(value).toUpperCase()));
  const settings: Settings = {
    debug: take("debug", "INFO", (value) => levelOf(String(value).toUpperCase())),
    permOnClick: flag("permOnClick", false),
    dtmf: take("dtmfOptions", { inband: true, outband: true }, dtmf),
    audioConstraints: take("audioConstraints", {}, (value) => (isObject(value) ? value : undefined)),
    tracking: {
      local: quality === "LOCALONLY" || (quality === "ALL" && isTracking),
      remote: quality === "REMOTEONLY" || (quality === "ALL" && isTracking),
    },
    closeProtection: flag("closeProtection", false),
    dscp: flag("dscp", true),
    multipleCalls: flag("allowMultipleIncomingCalls", false),
    clientRegion: take<string | undefined>("clientRegion", undefined, (value) => REGIONS.find((region) => region === value)),
    noiseReduction: flag("enableNoiseReduction", true),
    useDefaultAudioDevice: flag("useDefaultAudioDevice", false),
    autoRegister: !flag("stopAutoRegisterOnConnect", false),
    maxAverageBitrate: number("maxAverageBitrate", 8000, 48_000, 48_000),
    registrationSeconds: number("registrationRefreshTimer", 60, 86_400, 120),
    codecs: take("codecs", CODECS, codecs),
    servers: take<string[] | undefined>("registrationDomainSocket", undefined, sockets),
    detectsLostMicrophone: flag("preDetectOwa", false),
    sipDomain: take<string | undefined>("sipDomain", undefined, (value) => (typeof value === "string" && value !== "" ? value : undefined)),
    iceServers: take<Settings["iceServers"]>("iceServers", undefined, (value) => (Array.isArray(value) || typeof value === "function" ? (value as Settings["iceServers"]) : undefined)),
    sidetone: take<SidetoneOptions | undefined>("sidetone", undefined, (value) => (isObject(value) ? value : undefined)),
    ...take("mediaMetricsRules", { rules: PRESETS.plivo, preset: "plivo" }, rules),
  };
  for (const name of WITHOUT_EFFECT) delete given[name];
  warnings.push(...Object.keys(given).map((name) => `\`${name}\` is no option and ignored`));
  return { settings, warnings };
}

function dtmf(value: unknown): Settings["dtmf"] | undefined {
  const types = (value as Partial<DtmfOptions>).sendDtmfType;
  if (!Array.isArray(types)) return undefined;
  const named = types.map((type) => String(type).toUpperCase());
  const chosen = { inband: named.includes("INBAND"), outband: named.includes("OUTBAND") };
  return chosen.inband || chosen.outband ? chosen : undefined;
}

function codecs(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.length > 0 && value.every((codec) => CODECS.includes(codec as string)) ? (value as string[]) : undefined;
}

function sockets(value: unknown): string[] | undefined {
  const urls = typeof value === "string" ? value.split(",").map((url) => url.trim()) : Array.isArray(value) ? value.map(String) : [];
  return urls.length > 0 && urls.every((url) => /^wss?:\/\/[^\s/]/.test(url)) ? urls : undefined;
}

function rules(value: unknown): Pick<Settings, "rules" | "preset"> | undefined {
  const { preset: name = "document", ...own } = isObject(value) ? (value as { preset?: unknown } & Partial<Rules>) : { preset: value };
  const preset = presetOf(name);
  return preset && { rules: { ...PRESETS[preset], ...own }, preset };
}
