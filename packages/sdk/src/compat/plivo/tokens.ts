/** Access tokens: JSON Web Tokens that are read here and checked by the server. */

import type { TokenClaims } from "../../phone/token.ts";

export const ERRORS: Readonly<Record<number, string>> = {
  10001: "INVALID_ACCESS_TOKEN",
  10002: "INVALID_ACCESS_TOKEN_HEADER",
  10003: "INVALID_ACCESS_TOKEN_ISSUER",
  10004: "INVALID_ACCESS_TOKEN_SUBJECT",
  10005: "ACCESS_TOKEN_NOT_VALID_YET",
  10006: "ACCESS_TOKEN_EXPIRED",
  10007: "INVALID_ACCESS_TOKEN_SIGNATURE",
  10008: "INVALID_ACCESS_TOKEN_GRANTS",
  10009: "EXPIRATION_EXCEEDS_MAX_ALLOWED_TIME",
  10010: "MAX_ALLOWED_LOGIN_REACHED",
};
export const INVALID_ACCESS_TOKEN = "INVALID_ACCESS_TOKEN";
export const INVALID_ACCESS_TOKEN_GRANTS = "INVALID_ACCESS_TOKEN_GRANTS";
export const ACCESS_TOKEN_EXPIRED = "ACCESS_TOKEN_EXPIRED";
export const RELOGIN_FAILED = "RELOGIN_FAILED_INVALID_TOKEN";

export function errorString(code: number): string {
  return ERRORS[code] ?? "Unauthorised";
}

export interface Claims extends TokenClaims {
  readonly incoming: boolean;
  readonly outgoing: boolean;
}

interface Payload {
  readonly iss?: unknown;
  readonly sub?: unknown;
  readonly app?: unknown;
  readonly nbf?: unknown;
  readonly exp?: unknown;
  readonly per?: { readonly voice?: Grants };
  readonly grants?: { readonly voice?: Grants };
}
interface Grants {
  readonly incoming_allow?: unknown;
  readonly outgoing_allow?: unknown;
}

/**
 * The claims of a token; nothing where it is not built as one. Grants may be under `per`, as the browser SDK reads them, or under `grants`,
 * as the server libraries write them.
 */
export function readClaims(token: unknown): Claims | undefined {
  const parts = typeof token === "string" ? token.split(".") : [];
  if (parts.length !== 3) return undefined;
  const [header, payload] = parts.map(decoded) as (Payload | undefined)[];
  if (!header || !payload) return undefined;
  const { iss, sub, app, nbf, exp, per, grants } = payload;
  if (typeof iss !== "string" || typeof nbf !== "number" || typeof exp !== "number") return undefined;
  if ((sub !== undefined && typeof sub !== "string") || (app !== undefined && typeof app !== "string")) return undefined;
  const voice = per?.voice ?? grants?.voice ?? {};
  return {
    iss,
    sub: sub || undefined,
    expiresMs: exp * 1000,
    incoming: voice.incoming_allow === true,
    outgoing: voice.outgoing_allow === true,
  };
}

function decoded(part: string): unknown {
  try {
    const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
