/**
 * Digest authentication by SHA-256 as well as MD5 (RFC 7616): of several challenges the first is answered that we know (RFC 8760 §2.4).
 * JsSIP by itself keeps the last, and knows MD5.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { parseHeaders } from "../headers.ts";
import { type Challenge, DigestAuthentication, type IncomingResponse, RequestSender, Utils } from "./library.ts";

const HASHES: Readonly<Record<string, (text: string) => string>> = {
  MD5: Utils.calculateMD5,
  "SHA-256": (text) => bytesToHex(sha256(utf8ToBytes(text))),
};

/** Of the fields of a 401 or 407 the value of the first challenge that can be answered. */
export function firstKnown(challenges: readonly string[]): string | undefined {
  return challenges.find((challenge) => /^\s*Digest\s/i.test(challenge) && (/[\s,]algorithm\s*=\s*"?([\w-]+)/i.exec(challenge)?.[1] ?? "MD5").toUpperCase() in HASHES);
}

const receive = RequestSender.prototype._receiveResponse;
RequestSender.prototype._receiveResponse = function (response: IncomingResponse): void {
  const name = { 401: "www-authenticate", 407: "proxy-authenticate" }[response.status_code];
  const challenges = name === undefined ? [] : parseHeaders(response.data).entries.filter(([held]) => held.toLowerCase() === name);
  const known = firstKnown(challenges.map(([, value]) => value));
  if (name !== undefined && known !== undefined) response.setHeader(name, known);
  receive.call(this, response);
};

/** What JsSIP keeps in place of the password once it was asked for: its hashes for a realm, in the order of {@link HASHES}. */
function keep({ username, password, ha1, realm: of }: DigestAuthentication["_credentials"], realm: string): string | undefined {
  if (password === null) return of === realm ? (ha1 ?? undefined) : undefined;
  return Object.values(HASHES).map((hash) => hash(`${username}:${realm}:${password}`)).join(" ");
}

/** What JsSIP writes into the header field; `false`: the challenge cannot be answered. */
DigestAuthentication.prototype.authenticate = function ({ method, ruri }, challenge: Challenge, cnonce = Utils.createRandomToken(12)): boolean {
  const algorithm = challenge.algorithm?.toUpperCase() ?? "MD5";
  const hash = HASHES[algorithm];
  const { realm, nonce, opaque, qop } = challenge;
  if (!hash || !realm || !nonce || (qop && !qop.includes("auth"))) return false;
  const kept = keep(this._credentials, realm);
  if (kept === undefined) return false;
  // Each nonce is used once, so its count is that of the first time.
  const count = "00000001";
  const [ha1, ha2] = [kept.split(" ")[Object.keys(HASHES).indexOf(algorithm)], hash(`${method}:${ruri}`)];
  const response = hash(qop ? `${ha1}:${nonce}:${count}:${cnonce}:auth:${ha2}` : `${ha1}:${nonce}:${ha2}`);
  Object.assign(this, {
    _algorithm: algorithm,
    _realm: realm,
    _nonce: nonce,
    _opaque: opaque,
    _qop: qop ? "auth" : null,
    _cnonce: cnonce,
    _ncHex: count,
    _uri: ruri,
    _ha1: kept,
    _response: response,
  });
  return true;
};
