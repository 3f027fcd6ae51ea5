/** The calls of the client: which ring, which one is current, and what the app is told of each. */

import type { Call, Cause, Phone } from "../../phone/api.ts";
import { ALIVE, type CallInfo, type HangupInfo, STATE, ending, failedState } from "./call-info.ts";
import { CallSession } from "./call-session.ts";
import type { ExtraHeaders } from "./headers.ts";
import { TOKEN_ERROR_HEADER } from "../../phone/token.ts";
import { errorString } from "./tokens.ts";

/** Most calls that may ring at the same time. */
const RINGING_MAX = 50;
/** Calls that feedback is taken for after they ended. */
const REMEMBERED_MAX = 50;

/** A caller is told of the media before the answer, as by Plivo's SDK; media that take longer are told of after it. */
const MEDIA_FIRST_MS = 1000;

export const ACTIONS = ["reject", "ignore", "letring"] as const;
export type Action = (typeof ACTIONS)[number];

export interface CallsHost {
  emit(name: string, ...values: unknown[]): void;
  user(): string;
  /** A call is now the one that is spoken in, or is to be. */
  onCurrent(session: CallSession): void;
  /** It was answered and acknowledged. */
  onConfirmed(session: CallSession): void;
  onEnded(session: CallSession): void;
}

export class Calls {
  current: CallSession | null = null;
  /** The last one that was current. */
  last: CallSession | null = null;
  /** Ringing incoming calls by their id, the oldest first. */
  readonly incoming = new Map<string, CallSession>();
  readonly #remembered: CallSession[] = [];

  constructor(
    private readonly host: CallsHost,
    private readonly isMultiple: boolean,
  ) {}

  /** The phone's incoming calls become ours. */
  attach(phone: Phone): () => void {
    return phone.on("incoming", ({ call, replaces }) => {
      if (replaces) this.#replace(call, replaces);
      else if (this.incoming.size >= RINGING_MAX) call.reject();
      else this.#ring(call);
    });
  }

  /** An outgoing call, whose INVITE is about to leave. */
  place(call: Call, dest: string, extraHeaders: ExtraHeaders): void {
    const session = this.#remember(this.#session(call, { dest, extraHeaders }));
    this.#makeCurrent(session);
    call.on("progress", ({ status }) => {
      if (status < 180) return;
      session.state = STATE.RINGING;
      this.host.emit("onCallRemoteRinging", session.getCallInfo());
    });
    this.#follow(session, (cause) => this.#failed(session, cause));
    queueMicrotask(() => this.host.emit("onCalling"));
  }

  /** The call that ringing things are done to: the named one, else the newest; `undefined` where there is none. */
  ringing(callUUID: string | undefined): CallSession | undefined {
    const named = callUUID ? this.incoming.get(callUUID) : undefined;
    if (named || (callUUID && this.isMultiple)) return named;
    return [...this.incoming.values()].at(-1);
  }

  /** Takes a ringing call, in place of the one that is current. */
  answer(session: CallSession, action: Action): void {
    this.incoming.delete(session.callUUID);
    this.current?.hangUp();
    const others = [...this.incoming.values()];
    if (action === "reject") for (const other of others) this.reject(other);
    if (action === "ignore") for (const other of others) this.ignore(other);
    this.#makeCurrent(session);
    // What becomes of it, the call's own events tell.
    session.session.answer().catch(() => undefined);
  }

  reject(session: CallSession): void {
    session.session.reject();
  }

  /** Rings no more here, and nobody is told; the caller goes on hearing it ring. */
  ignore(session: CallSession): void {
    this.incoming.delete(session.callUUID);
    const info = session.end(STATE.IGNORED, ending({ cause: "Ignored", originator: "local" }));
    session.session.ignore();
    this.host.emit("onIncomingCallIgnored", info);
  }

  /** Hands a ringing call to another tab. */
  redirect(session: CallSession, contact: string): void {
    this.incoming.delete(session.callUUID);
    session.end(STATE.REDIRECTED, ALIVE);
    session.session.redirect(contact).catch(() => undefined);
  }

  find(callUUID: string): CallSession | undefined {
    return this.#remembered.find((session) => session.callUUID === callUUID);
  }

  hangUpAll(): void {
    this.current?.hangUp();
    for (const session of [...this.incoming.values()]) this.reject(session);
  }

  #ring(call: Call): void {
    const session = this.#remember(this.#session(call));
    session.state = STATE.RINGING;
    this.incoming.set(session.callUUID, session);
    this.#follow(session, (cause) => {
      this.incoming.delete(session.callUUID);
      // Ignored or redirected: it has been told of.
      if (session.state !== STATE.RINGING) return;
      if (cause.originator === "remote" && cause.cause === "Canceled") {
        this.host.emit("onIncomingCallCanceled", session.end(STATE.CANCELED, ending(cause)));
      } else this.#failed(session, cause);
    });
    const caller = call.remote.uri.replace(/^sips?:/i, "").replace(/[;?].*$/, "");
    this.host.emit("onIncomingCall", caller, session.extraHeaders, session.getCallInfo(), call.remote.displayName ?? null);
  }

  /** An attended transfer: the new call is answered by the phone, and takes the place of the old one once it stands. */
  #replace(call: Call, replaces: Call): void {
    const session = this.current;
    if (session?.session !== replaces) return call.reject();
    call.on("confirmed", () => session.continueAs(call));
  }

  #session(call: Call, sent?: { readonly dest: string; readonly extraHeaders: ExtraHeaders }): CallSession {
    const session: CallSession = new CallSession(call, this.host.user(), sent, () => this.#moved(session));
    return session;
  }

  /** The app is told nothing: it talks in the same call. */
  #moved(session: CallSession): void {
    this.#follow(session, (cause) => this.#failed(session, cause));
    this.host.onCurrent(session);
    if (session.session.times.confirmed !== undefined) this.host.onConfirmed(session);
  }

  #follow(session: CallSession, unanswered: (cause: Cause) => void): void {
    const { session: call } = session;
    const isTransferred = session.state === STATE.ANSWERED;
    let isConfirmed = isTransferred;
    let wait: ReturnType<typeof setTimeout> | undefined;
    const answered = () => {
      clearTimeout(wait);
      if (session.state === STATE.ANSWERED) return;
      session.state = STATE.ANSWERED;
      this.host.emit("onCallAnswered", session.getCallInfo());
      this.host.onConfirmed(session);
    };
    call.on("mediaConnected", () => {
      if (isTransferred) return;
      this.host.emit("onMediaConnected", session.getCallInfo());
      if (isConfirmed) answered();
    });
    call.on("confirmed", () => {
      if (isTransferred) return this.host.onConfirmed(session);
      isConfirmed = true;
      if (call.direction === "incoming" || call.times.mediaConnected !== undefined) answered();
      else wait = setTimeout(answered, MEDIA_FIRST_MS);
    });
    call.on("dtmf", ({ tone, durationMs, originator }) => {
      if (originator === "remote") this.host.emit("onDtmfReceived", { tone, duration: durationMs });
    });
    call.on("info", ({ body, originator }) => {
      if (originator === "remote") this.#info(session, body.trim());
    });
    call.on("refer", ({ accept }) => session.referred(accept()));
    call.on("ended", (cause) => {
      // It is another one by now, or goes on as another.
      if (session.session !== call || session.goesOn()) return;
      if (isConfirmed) {
        answered();
        const info = session.end(STATE.ENDED, ending(cause));
        const hangup: HangupInfo = { originator: info.originator, reason: cause.cause };
        this.#left(session);
        this.host.emit("onCallTerminated", hangup, info);
      } else {
        this.#left(session);
        unanswered(cause);
      }
      this.host.onEnded(session);
    });
  }

  /** What a server tells in the middle of a call. */
  #info(session: CallSession, body: string): void {
    if (body === "remote-party-ringing") this.host.emit("onCallConnected", session.getCallInfo());
    if (body === "no-remote-audio" || body === "remote-audio") this.host.emit("remoteAudioStatus", body === "remote-audio");
  }

  #failed(session: CallSession, cause: Cause): void {
    const code = Number(cause.headers.get(TOKEN_ERROR_HEADER));
    const info: CallInfo = session.end(failedState(cause.cause), ending(cause));
    this.host.emit("onCallFailed", code ? errorString(code) : cause.cause, info);
  }

  #makeCurrent(session: CallSession): void {
    this.current = session;
    this.host.onCurrent(session);
  }

  #left(session: CallSession): void {
    if (this.current !== session) return;
    this.current = null;
    this.last = session;
  }

  #remember(session: CallSession): CallSession {
    this.#remembered.unshift(session);
    this.#remembered.length = Math.min(this.#remembered.length, REMEMBERED_MAX);
    return session;
  }
}
