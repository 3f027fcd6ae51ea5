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
  ["url", (url) => url.replace(/\d+(\.\d+){3}|\[[\da-f:.]+\]/gi, word)],
]);

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
