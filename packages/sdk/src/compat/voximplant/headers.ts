/** Header fields: which of the page's leave, and how those of a message are handed to the page. */

import type { Headers } from "../../phone/api.ts";
import { unescaped } from "../../phone/headers.ts";

/** Carries `customData`. */
const CALL_DATA = "VI-CallData";

/** Of a value, in UTF-8, by voximplant-websdk's documentation. */
const BYTES_MAX = 200;

/** RFC 3261, section 25.1: a token after the prefix; a value without line breaks and other control characters. */
const NAME = /^X-[\w.!%*+`'~-]+$/;
const VALUE = /^[^\u0000-\u0008\u000a-\u001f\u007f]*$/;

/** What the page hands in. */
export type ExtraHeaders = { [id: string]: string };

/**
 * The header fields that leave with a request: those whose name begins with `X-` (in capitals), and `customData`. One that is too long or
 * would break the message is left out, and `refused` is told.
 */
export function outgoingHeaders(extraHeaders: ExtraHeaders | undefined, customData: string | undefined, refused: (why: string) => void): ExtraHeaders {
  const headers: ExtraHeaders = {};
  const given: (readonly [string, unknown])[] = Object.entries(extraHeaders ?? {}).filter(([name]) => name.startsWith("X-"));
  if (customData !== undefined && customData !== null) given.push([CALL_DATA, customData]);
  for (const [name, held] of given) {
    const value = String(held);
    const isSound = (name === CALL_DATA || NAME.test(name)) && VALUE.test(value);
    if (!isSound) refused(`${name} is not sent: no header field may look like this`);
    else if (new TextEncoder().encode(value).length > BYTES_MAX) refused(`${name} is not sent: its value is longer than ${BYTES_MAX} bytes`);
    else headers[name] = value;
  }
  return headers;
}

/** Header fields of a message by their names as they came; of a name that came more than once, the values as one list (RFC 3261, section 7.3.1). */
export function incomingHeaders(headers: Headers | undefined): ExtraHeaders {
  const all: ExtraHeaders = {};
  for (const [name, value] of headers?.entries ?? []) all[name] = name in all ? `${all[name]}, ${value}` : value;
  return all;
}

/** Who the other side is by its network's word (RFC 3325, section 9.1): `"Ada" <sip:ada@example.com>`, or the address alone. */
export function assertedIdentity(header: string | undefined): { readonly displayName: string | undefined; readonly user: string; readonly uri: string } | undefined {
  const [, quoted, plain = "", uri, user] = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<?(sips?:([^@>;]+)@[^>;,\s]+)/.exec(header ?? "") ?? [];
  if (uri === undefined || user === undefined) return undefined;
  const displayName = quoted?.replace(/\\(.)/g, "$1") ?? plain;
  return { displayName: displayName === "" ? undefined : displayName, user: unescaped(user), uri };
}
