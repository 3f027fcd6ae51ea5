/** What every method answers, and the limits of what it may be given. */

/** `msg` is documented, `message` is what callstats.js really gave: both are there. */
export interface Answer {
  readonly status: "success" | "failure";
  readonly message?: string;
  readonly msg?: string;
}

/** Thrown within a method to answer with a failure; never leaves the library. */
export class Refusal extends Error {}

export const INVALID_ARGUMENT = "Argument missing/invalid";
/** A browser gives it to pages over https and of this machine only. */
export const NO_CRYPTOGRAPHY = "Browser does not support Web Cryptography API. App secret based authentication requires Web Cryptography API";
export const NOT_INITIALIZED = "SDK is not initialized or no Fabrics added";

/** Runs a method: its refusals and its accidents become answers. */
export function answering(name: string, method: () => void): Answer {
  try {
    method();
    return { status: "success" };
  } catch (error) {
    const message = `${name}: ${error instanceof Error ? error.message : String(error)}`;
    return { status: "failure", message, msg: message };
  }
}

export function refuse(reason: string): never {
  throw new Refusal(reason);
}

/** Length limits as documented, in bytes of UTF-8 or in characters. */
export const LIMITS = {
  userId: { bytes: 256 },
  userName: { characters: 128 },
  conferenceId: { bytes: 256 },
  siteId: { bytes: 256 },
  additionalId: { bytes: 256 },
  usageLabel: { bytes: 20 },
} as const;

/** Longest log, in bytes of UTF-8: what is longer is cut. */
export const LOG_BYTES_MAX = 20_000;

const utf8 = new TextEncoder();

/** A text within its limit; refuses a longer one. `null` and `undefined` are the empty text. */
export function limited(name: string, value: unknown, limit: (typeof LIMITS)[keyof typeof LIMITS]): string {
  const text = value === null || value === undefined ? "" : String(value);
  if ("bytes" in limit) {
    const bytes = utf8.encode(text).length;
    if (bytes > limit.bytes) refuse(`${name} is ${bytes} bytes long in UTF-8, at most ${limit.bytes} are allowed`);
  } else {
    const characters = [...text].length;
    if (characters > limit.characters) refuse(`${name} is ${characters} characters long, at most ${limit.characters} are allowed`);
  }
  return text;
}

/** A user: callstats takes a text, or an object since 3.14. The alias is the id on the wire. */
export interface User {
  readonly id: string;
  readonly userName?: string;
  readonly aliasName?: string;
  readonly loginId?: string;
}

export function user(name: string, value: unknown): User {
  if (typeof value === "object" && value !== null) {
    const given = value as { userName?: unknown; aliasName?: unknown; loginID?: unknown };
    const aliasName = limited(`${name}.aliasName`, given.aliasName, LIMITS.userName);
    const userName = limited(`${name}.userName`, given.userName, LIMITS.userName);
    const loginId = limited(`${name}.loginID`, given.loginID, LIMITS.userName);
    const id = aliasName || userName;
    return { id, ...(userName && { userName }), ...(aliasName && { aliasName }), ...(loginId && { loginId }) };
  }
  return { id: limited(name, value, LIMITS.userId) };
}

/** A text cut to the length of a log, at a character's border. */
export function cutLog(text: string): { readonly text: string; readonly cut?: true } {
  const bytes = utf8.encode(text);
  if (bytes.length <= LOG_BYTES_MAX) return { text };
  let end = LOG_BYTES_MAX;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return { text: new TextDecoder().decode(bytes.subarray(0, end)), cut: true };
}
