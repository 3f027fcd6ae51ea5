/** Users, tokens, and why a login failed. */

import { AuthResultCode, ClientState } from "./enums.ts";
import type { LoginTokens } from "./structures.ts";

/** The user part of `user@app.account.voximplant.com`, of a SIP address, or of a bare name. */
export function userOf(username: string): string {
  return username.replace(/^sips?:/, "").split("@", 1)[0] ?? username;
}

/** A token's times (RFC 7519); nothing for what is no JSON Web Token. */
export function tokensOf(token: string): LoginTokens | undefined {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const { exp } = JSON.parse(atob(payload)) as { exp?: number };
    if (typeof exp !== "number") return undefined;
    const seconds = Math.max(0, Math.round(exp - Date.now() / 1000));
    return { accessToken: token, refreshToken: token, accessExpire: seconds, refreshExpire: seconds };
  } catch {
    return undefined;
  }
}

/** The code of a login that failed with this, or was tried in this state. */
export function authFailure(why: unknown): AuthResultCode {
  if (why === ClientState.DISCONNECTED || why === ClientState.CONNECTING || why === ClientState.RECONNECTING) return AuthResultCode.ConnectionClosed;
  if (typeof why === "string") return AuthResultCode.InvalidState;
  const { status, cause, reason } = (why ?? {}) as { status?: number; cause?: string; reason?: { text?: string } };
  if (status === 401 || status === 407) return /expired/i.test(reason?.text ?? "") ? AuthResultCode.TokenExpired : AuthResultCode.InvalidPassword;
  if (status === 402) return AuthResultCode.MAUAccessDenied;
  if (status === 403) return cause === "Authentication Error" ? AuthResultCode.InvalidPassword : AuthResultCode.AccountFrozen;
  if (status === 404) return AuthResultCode.InvalidUsername;
  if (cause === "Connection Error") return AuthResultCode.ConnectionClosed;
  return cause === "Authentication Error" ? AuthResultCode.InvalidPassword : AuthResultCode.InternalError;
}
