/**
 * What may leave the page. Unless the app keeps addresses, each becomes a word that says of what sort it was: the same words that the
 * server uses (docs/privacy.md).
 */

/** What the app allows (`GET /v1/app`). */
export interface Policy {
  readonly keepAddresses: boolean;
  readonly keepSdp: boolean;
}

/** Until the server has said otherwise. */
export const STRICT: Policy = { keepAddresses: false, keepSdp: false };

const CANDIDATES = new Set(["local-candidate", "remote-candidate", "localcandidate", "remotecandidate"]);
const ADDRESSES = ["address", "ip", "ipAddress", "relatedAddress"];

/** The stats object as it may leave the page: itself, unless it holds an address. */
export function permitted(stats: object, policy: Policy): object {
  const { type } = stats as { type?: string };
  return policy.keepAddresses || !CANDIDATES.has(type ?? "") ? stats : withoutAddresses(stats);
}

/** A copy without addresses, in the members where candidates and their errors have them. */
export function withoutAddresses(object: object): object {
  const copy: Record<string, unknown> = { ...object };
  // A checksum of the address in some browsers.
  delete copy["foundation"];
  for (const name of ADDRESSES) {
    if (typeof copy[name] === "string") copy[name] = word(copy[name]);
  }
  if (typeof copy["url"] === "string") copy["url"] = copy["url"].replace(/\d+(\.\d+){3}|\[[\da-f:.]+\]/gi, word);
  return copy;
}

/** The word for an address. */
function word(address: string): string {
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
