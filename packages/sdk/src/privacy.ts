/**
 * What may leave the page. Unless the app keeps addresses, each becomes a word that says of what sort it was: the same words that the
 * server uses (docs/privacy.md).
 */

/** What the app allows (`GET /v1/app`). */
export interface Policy {
  readonly keepAddresses: boolean;
  readonly keepSdp: boolean;
}

/** What holds no addresses anyway. */
export const OPEN: Policy = { keepAddresses: true, keepSdp: true };
/** Until the server has said otherwise. */
export const STRICT: Policy = { keepAddresses: false, keepSdp: false };

/** How a text is told; `null` where the member never leaves the page. */
export type Telling = ((text: string) => string) | null;

const CANDIDATES = new Set(["local-candidate", "remote-candidate", "localcandidate", "remotecandidate"]);
/** The members in which candidates and their errors have addresses. */
const TELLING = new Map<string, Telling>([
  // A checksum of the address in some browsers.
  ["foundation", null],
  ["address", word],
  ["ip", word],
  ["ipAddress", word],
  ["relatedAddress", word],
  ["localAddress", word],
  ["remoteAddress", word],
  ["url", hide],
]);

const DESCRIPTION = /^set_(local|remote)_description$/;

// No look behind: Safari learnt it in 16.4. And no part without an end, so that a long text takes no longer than it must.
/** A browser's name for an address that it hides (draft-ietf-mmusic-mdns-ice-candidates). */
const MDNS = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.local/gi;
/** With a `::`, which stands for groups of zeros (RFC 4291, 2.2). */
const IPV6_SHORT = /(?:\b[\da-f]{1,4}(?::[\da-f]{1,4}){0,6}::|\B::(?!:))(?:(?:[\da-f]{1,4}:){0,6}(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]{1,4}))?(?!\w)(?:%[\w.~-]+)?/gi;
/** Eight groups; among more of them they are part of a certificate's fingerprint. */
const IPV6_FULL = /\b(?:[\da-f]{1,4}:){6}(?:[\da-f]{1,4}:[\da-f]{1,4}|\d{1,3}(?:\.\d{1,3}){3})(?!:?\w)(?:%[\w.~-]+)?/gi;
/** What may hold an IPv4 address. What follows a `v` is a version. */
const NUMBERS = /(?:\bv)?\d{1,9}(?:\.\d{1,9}){3,}/gi;

/** How a member of a stats object of this type may be told; `undefined` for as it is. */
export function telling(type: string, name: string, policy: Policy): Telling | undefined {
  return policy.keepAddresses || !CANDIDATES.has(type) ? undefined : TELLING.get(name);
}

/** The stats object as it may leave the page: itself, unless it holds an address. */
export function permitted(stats: object, policy: Policy): object {
  const { type } = stats as { type?: string };
  return policy.keepAddresses || !CANDIDATES.has(type ?? "") ? stats : withoutAddresses(stats);
}

/** A copy without addresses. */
export function withoutAddresses(object: object): object {
  const told = Object.entries(object).flatMap(([name, value]) => {
    const tell = TELLING.get(name);
    return tell === null ? [] : [[name, tell && typeof value === "string" ? tell(value) : value]];
  });
  return Object.fromEntries(told) as object;
}

/**
 * The payload of an event as it may leave the page, in JSON: every text is looked through, but for what the app says of its participant
 * (`joined`), and a member whose name is an address goes. Nothing where it is a session description that the app does not keep.
 */
export function permittedPayload(kind: string, payload: string, { keepAddresses, keepSdp }: Policy): string | undefined {
  if (DESCRIPTION.test(kind) && !keepSdp) return undefined;
  if (keepAddresses || kind === "joined") return payload;
  const told: unknown = JSON.parse(payload, (name, value: unknown) => {
    const tell = TELLING.get(name);
    if (tell === null || hide(name) !== name) return undefined;
    return typeof value !== "string" ? value : tell ? tell(value) : hide(keepSdp ? value : withoutSdp(value));
  });
  return JSON.stringify(told);
}

/** What happened, as it may leave the page. */
export function permittedKind(kind: string, { keepAddresses }: Policy): string {
  return keepAddresses ? kind : hide(kind);
}

/** A session description is cut off where it begins. */
function withoutSdp(text: string): string {
  const at = text.search(/v=0[\r\n\\]|a=(ice-ufrag|ice-pwd|fingerprint):/);
  return at < 0 ? text : `${text.slice(0, at)}sdp`;
}

/** The text with words in place of addresses, wherever they stand. */
export function hide(text: string): string {
  return text
    .replace(/candidate:[\w+/]+(?= )/g, "candidate:0")
    .replace(MDNS, "mdns")
    .replace(IPV6_SHORT, (address) => (address === "::" ? address : word(address)))
    .replace(IPV6_FULL, (address, at: number, whole: string) => (/\b[\da-f]{1,4}:$/i.test(whole.slice(Math.max(0, at - 5), at)) ? address : word(address)))
    .replace(NUMBERS, (numbers) => {
      // Browsers give their versions as `131.0.0.0`.
      const quads = numbers.split(".").map((_, at, all) => all.slice(at, at + 4));
      const quad = quads.find((quad) => quad.length === 4 && quad.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256) && quad.slice(1).some(Number));
      return quad ? word(quad.join(".")) : numbers;
    });
}

/** The word for an address; a word stays as it is. */
function word(address: string): string {
  if (/^(mdns|hidden|ipv[46]-(private|public))$/.test(address)) return address;
  const text = address.replace(/^\[|\]$/g, "").toLowerCase();
  if (text === "") return "";
  if (text.endsWith(".local")) return "mdns";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  const octets = (mapped ?? text).split(".").map(Number);
  if (octets.length === 4 && octets.every((octet) => octet >= 0 && octet <= 255)) {
    return isPrivate(octets as [number, number, number, number]) ? "ipv4-private" : "ipv4-public";
  }
  if (!text.includes(":")) return "hidden";
  return /^(::1?$|f[cd]|fe[89ab])/.test(text) ? "ipv6-private" : "ipv6-public";
}

/** RFC 1918, loopback, link-local (RFC 3927), carrier NAT (RFC 6598). */
function isPrivate([a, b]: [number, number, number, number]): boolean {
  return a === 10 || a === 127 || a === 0 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168) || (a === 169 && b === 254) || (a === 100 && b >= 64 && b <= 127);
}
