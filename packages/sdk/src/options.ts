/** An app's options with the defaults filled in, and what is wrong with them. */

import type { Options, Preset } from "./api.ts";

export interface Settings {
  readonly url: string;
  readonly secret: string | undefined;
  readonly token: (() => Promise<string>) | undefined;
  readonly reportIntervalMs: number;
  readonly uploadIntervalMs: number;
  readonly queueBytesMax: number;
  readonly queueBatchesMax: number;
  readonly engineUrl: string;
  readonly encoderUrl: string;
  /** Absent: the app's rules judge. */
  readonly preset: Preset | undefined;
  readonly mutedSpeech: boolean;
  /** Whether anything is sent. */
  readonly upload: boolean;
}

const PRESETS: readonly Preset[] = ["sidetone", "plivo", "plivo-shipped", "twilio", "voximplant"];

/** Where this script came from, if it is a script of a page. */
const SCRIPT_URL = (globalThis.document?.currentScript as HTMLScriptElement | null | undefined)?.src;

/** Checksums of the modules that this script was built with, as the server knows them; `build.mjs` fills them in. */
declare const ENGINE_TAG: string;
declare const ENCODER_TAG: string;

/** The settings, or a sentence on what is wrong and how to mend it. */
export function settle(options: Options, scriptUrl = SCRIPT_URL): Settings | string {
  const { secret, token } = options ?? {};
  const upload = options?.upload !== false;
  if (!isName(options?.conferenceId) && !(options?.conferenceId instanceof Promise)) return NAMELESS;
  if (upload && (secret === undefined) === (token === undefined)) return "give either `secret` (an intake secret, sti_…) or `token` (a function that gives a promise of a token)";
  if (token !== undefined && typeof token !== "function") return "`token` must be a function that gives a promise of a token";
  const { preset, mutedSpeech = false } = options;
  if (preset !== undefined && !PRESETS.includes(preset)) return `\`preset\` is ${JSON.stringify(preset)}; it must be one of ${PRESETS.join(", ")}`;
  const given = options.url ?? scriptUrl;
  if (!given) return "`url` must say where Sidetone is, such as https://quality.example.com";
  let url: string;
  try {
    url = options.url === undefined ? new URL(given).origin : new URL(given, globalThis.location?.href).href.replace(/\/+$/, "");
  } catch {
    return `\`url\` is ${JSON.stringify(given)}, which is no URL; give one such as https://quality.example.com`;
  }
  const reportIntervalMs = atLeast(100, options.reportIntervalMs, 1000);
  return {
    url,
    secret,
    token,
    reportIntervalMs,
    uploadIntervalMs: atLeast(reportIntervalMs, options.uploadIntervalMs, 10_000),
    queueBytesMax: atLeast(0, options.queueBytesMax, 5_000_000),
    queueBatchesMax: atLeast(0, options.queueBatchesMax, 1000),
    engineUrl: options.engineUrl ?? `${url}/sdk/engine.wasm?v=${ENGINE_TAG}`,
    // Whoever keeps the engine elsewhere has at least that: it encodes too.
    encoderUrl: options.encoderUrl ?? options.engineUrl ?? `${url}/sdk/encoder.wasm?v=${ENCODER_TAG}`,
    preset,
    mutedSpeech: mutedSpeech === true,
    upload,
  };
}

/** What is said of a conference that has no name. */
export const NAMELESS = "`conferenceId` must be a text that is not empty";

/** Whether a conference can have this name. */
export function isName(given: unknown): given is string {
  return typeof given === "string" && given !== "";
}

/** A name for a stay that has none: a random UUID (version 4), also where the page is not in a secure context. */
export function newParticipantId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const digits = [...bytes].map((byte, index) => {
    const value = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return value.toString(16).padStart(2, "0");
  });
  return digits.join("").replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

function atLeast(least: number, given: number | undefined, otherwise: number): number {
  return Number.isFinite(given) ? Math.max(least, given as number) : otherwise;
}

/** Batches of these settings may go out together with those of an earlier page that had the same. Holds no secret: it is stored. */
export function destination({ url, secret }: Settings, userId: string | undefined): string {
  // A token speaks for its user; a secret for the app.
  return JSON.stringify([url, secret === undefined ? ["user", userId ?? ""] : ["app", checksum(secret)]]);
}

/** FNV-1a of 32 bits. */
function checksum(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
