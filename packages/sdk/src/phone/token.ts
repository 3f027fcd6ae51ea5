/** Access tokens: JSON Web Tokens (RFC 7519) that stand for a password. Read, never checked: that is the server's to do. */

export interface TokenClaims {
  readonly iss: string;
  readonly sub: string | undefined;
  /** Milliseconds since 1970. */
  readonly expiresMs: number;
}

/** Header that carries the token on REGISTER and INVITE. */
export const TOKEN_HEADER = "X-Plivo-Jwt";
/** Header by which a server says what is wrong with it. */
export const TOKEN_ERROR_HEADER = "X-Plivo-Jwt-Error-Code";

/** The claims; nothing for what is no token or lacks `iss` or `exp`. */
export function readToken(token: string): TokenClaims | undefined {
  const [, payload, signature] = String(token).split(".");
  if (!payload || signature === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
    const { iss, sub, exp } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    if (typeof iss !== "string" || typeof exp !== "number") return undefined;
    return { iss, sub: typeof sub === "string" && sub !== "" ? sub : undefined, expiresMs: exp * 1000 };
  } catch {
    return undefined;
  }
}

/** The user part of a token's address of record: `sub_iss`, or one that is made up where the token names nobody. */
export function tokenUser({ iss, sub }: TokenClaims, nowMs: number): string {
  return sub === undefined ? `puser${nowMs}jt_${iss}` : `${sub}_${iss}`;
}

/** When the server says the token ends: `X-Plivo-Jwt: name=1712345678;…` in an answer to REGISTER. */
export function grantedExpiryMs(header: string | undefined): number | undefined {
  const seconds = /=\s*(\d+)/.exec(header ?? "")?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
