/** Which header fields an app may add to a call, and which of the far side's it is shown. */

import type { Headers } from "../../phone/api.ts";

export interface ExtraHeaders {
  [key: string]: string;
}

/** `X-PH`, any case, and up to 20 more: 24 in all. */
const NAME = /^X-PH[A-Za-z0-9-]{2,20}$/i;
const VALUE = /^[A-Za-z0-9_\-+()%.]{1,120}$/;
const TOKEN_NAME = /^X-Plivo-Jwt$/i;
const TOKEN_VALUE = /^[A-Za-z0-9_\-+()%.]{1,500}$/;

function isAllowed(name: string, value: string): boolean {
  return (NAME.test(name) && VALUE.test(value)) || (TOKEN_NAME.test(name) && TOKEN_VALUE.test(value));
}

/** What of `headers` may be sent, and the names of what is left out. */
export function allowed(headers: unknown): { readonly headers: ExtraHeaders; readonly dropped: string[] } {
  const given = typeof headers === "object" && headers !== null ? Object.entries(headers) : [];
  const kept = given.filter(([name, value]) => isAllowed(name, String(value)));
  const dropped = given.map(([name]) => name).filter((name) => !kept.some(([other]) => other === name));
  return { headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])), dropped };
}

/** As the SIP library of Plivo's SDK writes names, whatever was sent: `X-Ph-Test1`. */
function capitalised(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/**
 * What the far side sent, under the names that Plivo's SDK gives them (`X-Ph-Test1`). They are also found as they came, as documented
 * (`X-PH-Test1`) and in lower case; those names are not listed, so that a copy or a JSON text has each field once.
 */
export function received(headers: Headers): ExtraHeaders {
  const shown: ExtraHeaders = {};
  for (const [name, value] of headers.entries) {
    if (!isAllowed(name, value)) continue;
    const own = capitalised(name);
    shown[own] = value;
    for (const alias of [name, own.replace(/^X-Ph/, "X-PH"), own.toLowerCase()]) {
      if (alias !== own) Object.defineProperty(shown, alias, { value, configurable: true });
    }
  }
  return shown;
}
