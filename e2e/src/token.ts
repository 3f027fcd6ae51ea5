/** Access tokens, and the key that Sidetone judges them by. */

import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

export const ISSUER = "MA1";
export const KEY = "a key that both sides have, 32 bytes and more";

/** Options of an app that takes tokens of {@link ISSUER}, signed with {@link KEY}. The key's file is gone after the tests. */
export function takesTokens(): string[] {
  const folder = mkdtempSync(join(tmpdir(), "sidetone-token-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "key");
  writeFileSync(file, KEY);
  return ["--token-key", `kid=${ISSUER},alg=HS256,file=${file}`];
}

/** An access token, signed as the server libraries sign them. */
export function accessToken(claims: object, secret: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT", cty: "plivo;v=1" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}
