/** Transfers, asked for and taken: REFER (RFC 3515), Replaces (RFC 3891), as RFC 5589 puts them together; and who sent a ringing call on (RFC 5806). */

import type { Call, CallEventMap, Headers } from "./api.ts";
import { parseHeaders, unescaped } from "./headers.ts";
import type { IncomingRequest } from "./jssip/library.ts";
import type { Session } from "./jssip/session.ts";

/** Longest time until the other side says what became of a transfer. */
const OUTCOME_LIMIT_MS = 60_000;

/** A transfer of ours. */
export class Transfer {
  #settle: ((status: number | undefined) => void) | undefined;

  constructor(private readonly session: Session, private readonly onState: (state: "trying" | "accepted" | "failed", status: number | undefined) => void) {}

  /** Resolves when the target was reached; rejects otherwise. */
  async run(referTo: string, referredBy: string): Promise<void> {
    const outcome = new Promise<number | undefined>((resolve) => (this.#settle = resolve));
    const limit = setTimeout(() => this.#settle?.(undefined), OUTCOME_LIMIT_MS);
    const { response } = await this.session.request("REFER", [`Refer-To: <${referTo}>`, `Referred-By: <${referredBy}>`]);
    const isTaken = response !== undefined && response.status_code < 300;
    if (isTaken) this.onState("trying", response.status_code);
    const status = isTaken ? await outcome : response?.status_code;
    clearTimeout(limit);
    const isReached = isTaken && status !== undefined && status < 300;
    this.onState(isReached ? "accepted" : "failed", status);
    if (!isReached) throw new Error(`the transfer failed: ${status ?? "no answer"}`);
  }

  /** A NOTIFY came. */
  progress(status: number): void {
    if (status >= 200) this.#settle?.(status);
    else this.onState("trying", status);
  }

  /** The call is over, and with it the way on which the outcome would be told. */
  end(): void {
    this.#settle?.(undefined);
  }
}

/** Where a REFER wants us to call, and the Replaces that the INVITE is to carry. */
function readRefer({ refer_to }: IncomingRequest): { readonly target: string; readonly headers: Readonly<Record<string, string>> } | undefined {
  const uri = refer_to?.uri.clone();
  if (!uri) return undefined;
  const [replaces] = uri.hasHeader("Replaces") ? uri.getHeader("Replaces") : [];
  uri.clearHeaders();
  return { target: uri.toString(), headers: replaces === undefined ? {} : { Replaces: unescaped(replaces) } };
}

/** What a redirection says of itself goes into the INVITE that follows it (RFC 5806 §5.2.1). */
export function deflection(headers: Headers): Readonly<Record<string, string>> {
  const diversion = headers.get("Diversion");
  return diversion === undefined ? {} : { Diversion: diversion };
}

/** Whether it was somebody at this address who sent the ringing call on, last of all. */
export function isDeflectedBy(address: string, headers: Headers): boolean {
  const [last = ""] = headers.get("Diversion")?.split(",") ?? [];
  return last.trim().startsWith(`<${address}>`) && /;\s*reason\s*=\s*"?deflection\b/i.test(last);
}

/**
 * Somebody asks us to call another: `tell` leaves it to the page, which may accept or reject at once or later; a page that does neither accepts by having heard
 * of it. `place` places the call.
 */
export function takeRefer(session: Session, request: IncomingRequest, place: (target: string, headers: Readonly<Record<string, string>>) => Call, tell: (refer: CallEventMap["refer"]) => void): void {
  const asked = readRefer(request);
  if (!asked) return;
  let call: Call | undefined;
  let isRejected = false;
  const accept = () => {
    call ??= place(asked.target, asked.headers);
    reportProgress(session, request.cseq, call);
    return call;
  };
  const reject = (status = 603) => {
    if (call || isRejected) return;
    isRejected = true;
    const fields = [`Event: refer;id=${request.cseq}`, "Subscription-State: terminated;reason=rejected", "Content-Type: message/sipfrag;version=2.0"];
    void session.request("NOTIFY", fields, `SIP/2.0 ${status} Declined`);
  };
  tell({ target: asked.target, headers: parseHeaders(request.data), accept, reject });
  if (!call && !isRejected) accept();
}

/** Tells the one who referred us how the call goes that we place for them. */
function reportProgress(session: Session, cseq: number, call: Call): void {
  const notify = (status: number, phrase: string) => {
    const state = status < 200 ? "active;expires=60" : "terminated;reason=noresource";
    void session.request("NOTIFY", [`Event: refer;id=${cseq}`, `Subscription-State: ${state}`, "Content-Type: message/sipfrag;version=2.0"], `SIP/2.0 ${status} ${phrase}`);
  };
  notify(100, "Trying");
  let isTold = false;
  const tell = (status: number, phrase: string) => {
    if (isTold) return;
    isTold = true;
    notify(status, phrase);
  };
  call.on("progress", ({ status }) => !isTold && notify(status, "Ringing"));
  call.on("answered", () => tell(200, "OK"));
  call.on("ended", ({ status, phrase }) => tell(status ?? 487, phrase ?? "Request Terminated"));
}
