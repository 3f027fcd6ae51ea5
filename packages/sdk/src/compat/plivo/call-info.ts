/** What an app is told of a call, and the codes and states of it. */

import type { Cause } from "../../phone/api.ts";
import type { ExtraHeaders } from "./headers.ts";

export interface CallInfo {
  callUUID: string;
  /** `incoming` or `outgoing`. */
  direction: string;
  src: string;
  dest: string;
  state: string;
  /** Of an incoming call: what the server says of the caller's number; `Not_applicable` of an outgoing one. */
  stirShakenState: string;
  extraHeaders: ExtraHeaders;
  /** Of the far side's `Reason` header, such as `SIP` or `Q.850`; else `none`. */
  protocol: string;
  /** Who ended the call: `local` or `remote`. */
  originator: string;
  /** Why it ended; else `none`. */
  reason: string;
  /** -1 while there is none. */
  code: number;
}

/** How a call ended. */
export interface HangupInfo {
  originator: string;
  reason: string;
}

export const STATE = Object.freeze({
  INITIALIZED: "initialized",
  RINGING: "ringing",
  ANSWERED: "answered",
  REJECTED: "rejected",
  IGNORED: "ignored",
  CANCELED: "canceled",
  FAILED: "failed",
  ENDED: "ended",
  REDIRECTED: "redirected",
});
export type State = (typeof STATE)[keyof typeof STATE];

/** Codes of what is ended on this side, by its cause. */
const CODES: Readonly<Record<string, number>> = {
  "No Answer": 3000,
  Canceled: 1000,
  Rejected: 3020,
  Terminated: 11001,
  Ignored: 11002,
  "WebRTC Error": 11003,
  "User Denied Media Access": 11003,
  "Connection Error": 11004,
};

/** Why a call ended, as CallInfo has it. */
export type Ending = Pick<CallInfo, "originator" | "protocol" | "reason" | "code">;

/** Of a call that has not ended. */
export const ALIVE: Ending = { originator: "local", protocol: "none", reason: "none", code: -1 };

/** What we ended has a code of ours; of what the far side ended, its `Reason` header (RFC 3326) tells. */
export function ending({ cause, originator, reason }: Pick<Cause, "cause" | "originator" | "reason">): Ending {
  if (originator !== "remote") return { originator: "local", protocol: "none", reason: cause, code: CODES[cause] ?? -1 };
  if (!reason) return { ...ALIVE, originator: "remote" };
  return { originator: "remote", protocol: reason.protocol, reason: reason.text, code: reason.code };
}

/** The state of a call that ended without an answer. */
export function failedState(cause: string): State {
  if (cause === "Rejected") return STATE.REJECTED;
  if (cause === "Canceled") return STATE.CANCELED;
  return STATE.FAILED;
}
