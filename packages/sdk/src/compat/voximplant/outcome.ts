/** How a call ended: by `Disconnected` or by `Failed`, never both. */

import type { Cause } from "../../phone/api.ts";

/** Codes of our side, beside SIP's. */
export const NOT_CONNECTED = 1003;
export const NOT_AUTHORISED = 1004;
export const NOT_SECURE = 1008;
export const ACCESS_DENIED = 403;
export const INVALID_NUMBER = 404;
export const REQUEST_TERMINATED = 487;
const INTERNAL_ERROR = 500;

/** What the phone's causes without a status come to. */
const CODES: Readonly<Record<string, readonly [code: number, reason: string]>> = {
  "User Denied Media Access": [ACCESS_DENIED, "Media access denied"],
  Canceled: [REQUEST_TERMINATED, "Request Terminated"],
  "No Answer": [480, "Temporarily Unavailable"],
  "Request Timeout": [408, "Request Timeout"],
  "Connection Error": [NOT_CONNECTED, "Client not connected"],
};

export type Outcome = { readonly isFailure: true; readonly code: number; readonly reason: string } | { readonly isFailure: false; readonly answeredElsewhere: boolean };

/**
 * A call that was answered, or rang here, is disconnected when it ends, by whomever; so is one that rang here and whose caller gave up. A
 * call of ours that was not answered has failed, with SIP's code: 487 when we gave up. One that could not be answered for want of a
 * microphone has failed too.
 */
export function outcomeOf(isIncoming: boolean, ended: Cause & { readonly answered: boolean }): Outcome {
  const [code, reason] = CODES[ended.cause] ?? [INTERNAL_ERROR, ended.cause];
  const isOurFault = ended.cause === "User Denied Media Access" || ended.cause === "WebRTC Error" || ended.cause === "Internal Error";
  if (!ended.answered && (!isIncoming || isOurFault)) {
    if (isOurFault) return { isFailure: true, code, reason };
    return { isFailure: true, code: ended.status ?? code, reason: ended.phrase ?? reason };
  }
  // RFC 3326: a CANCEL that says that the call was completed elsewhere.
  const answeredElsewhere = !ended.answered && ended.reason?.protocol.toUpperCase() === "SIP" && ended.reason.code === 200;
  return { isFailure: false, answeredElsewhere };
}

/** Words for an error, or for a cause of the phone. */
export function reasonOf(error: unknown): string {
  const { message, phrase, cause } = (error ?? {}) as { message?: string; phrase?: string; cause?: unknown };
  return phrase ?? (typeof cause === "string" ? cause : undefined) ?? message ?? String(error);
}
