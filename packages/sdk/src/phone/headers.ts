/** Header fields of SIP messages, both ways. */

import type { Headers } from "./api.ts";

/** Of a whole SIP message as it came; lines that continue the one before (RFC 3261 §7.3.1) are joined to it. */
export function parseHeaders(message: string): Headers {
  const [head = ""] = message.split("\r\n\r\n", 1);
  const lines = head.replace(/\r\n[ \t]+/g, " ").split("\r\n").slice(1);
  return listHeaders(
    lines.flatMap((line) => {
      const colon = line.indexOf(":");
      return colon > 0 ? [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const] : [];
    }),
  );
}

export function listHeaders(entries: readonly (readonly [name: string, value: string])[]): Headers {
  return {
    entries,
    get: (name) => entries.find(([held]) => held.toLowerCase() === name.toLowerCase())?.[1],
  };
}

/** A part of a URI without its escapes; as it came where they are none of UTF-8. */
export function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const NO_HEADERS: Headers = listHeaders([]);

/** As lines of a message. A line break in a value would start another header field: such a field is refused. */
export function headerLines(headers: Readonly<Record<string, string>> | undefined): string[] {
  return Object.entries(headers ?? {}).map(([name, value]) => {
    if (!/^[\w!%*+`'~.-]+$/.test(name) || /[\r\n]/.test(value)) throw new TypeError(`${JSON.stringify(name)} is no header field that can be sent`);
    return `${name}: ${value}`;
  });
}

/**
 * The URI of the first contact of a message. One without angle brackets ends at the `;` that begins the header's own parameters, and has neither parameters nor
 * headers (RFC 3261 §20.10).
 */
export function contactUri(headers: Headers): string | undefined {
  const contact = headers.get("Contact") ?? headers.get("m") ?? "";
  const [, bracketed, bare] = /^\s*(?:(?:"(?:[^"\\]|\\.)*"|[^"<>,;:]*)\s*<([^>]+)>|([^\s"<>,;?:]+:[^\s"<>,;?]+)\s*(?:[;,]|$))/.exec(contact) ?? [];
  return bracketed ?? bare;
}

/** The `Reason` header (RFC 3326), such as `Q.850;cause=16;text="Terminated"`. */
export function parseReason(value: string | undefined): { readonly protocol: string; readonly code: number; readonly text: string } | undefined {
  const protocol = /^\s*([\w.-]+)/.exec(value ?? "")?.[1];
  if (!value || !protocol) return undefined;
  const code = /;\s*cause\s*=\s*(\d+)/i.exec(value)?.[1];
  const text = /;\s*text\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(value);
  return { protocol, code: code === undefined ? -1 : Number(code), text: text?.[1]?.replace(/\\(.)/g, "$1") ?? text?.[2] ?? "" };
}
