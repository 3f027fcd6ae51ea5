/** How far a call has come: its state, its times and its name at Sidetone; what is told of each step. */

import type { Emitter } from "../emitter.ts";
import type { Call, CallEventMap, CallState, Cause, Headers } from "./api.ts";
import { parseHeaders } from "./headers.ts";
import type { IncomingResponse } from "./jssip/library.ts";
import type { Quality } from "./quality.ts";

export interface CoursePort {
  readonly emitter: Emitter<CallEventMap>;
  readonly quality: Quality;
  onState(from: CallState): void;
}

export class Course {
  readonly times: { -readonly [Name in keyof Call["times"]]: Call["times"][Name] } = { created: Date.now() };
  state: CallState = "new";

  /** `uuid`: the name that the call has so far; `headers`: of the INVITE. */
  constructor(private readonly port: CoursePort, public uuid: string, private readonly headers: Headers) {}

  get isOver(): boolean {
    return this.state === "ended";
  }

  /** The INVITE left, or came. */
  invited(direction: Call["direction"]): void {
    this.port.quality.event("sip_invite", { direction });
    if (direction === "outgoing") return;
    this.port.quality.name(this.uuid);
    this.times.ringing = Date.now();
    this.#become("ringing");
  }

  progress(response: IncomingResponse): void {
    const headers = parseHeaders(response.data);
    this.#name(headers);
    const status = response.status_code;
    const early = Boolean(response.body);
    this.times.ringing ??= Date.now();
    this.port.quality.event("sip_progress", { status, early });
    if (this.state === "new" || this.state === "ringing") this.#become(early ? "early" : "ringing");
    this.port.emitter.emit("progress", { status, early, headers });
  }

  /** They answered by this, or we did. */
  answered(response: IncomingResponse | undefined): void {
    const headers = response ? parseHeaders(response.data) : this.headers;
    if (response) this.#name(headers);
    this.times.answered = Date.now();
    this.port.quality.event("sip_answer", { status: response?.status_code ?? 200 });
    this.#become("answered");
    this.port.emitter.emit("answered", { headers });
  }

  confirmed(): void {
    this.times.confirmed = Date.now();
    this.#become("connected");
    this.port.emitter.emit("confirmed", {});
  }

  /** An offer of ours is being agreed on, or is no more. */
  offering(isOpen: boolean): void {
    this.#become(isOpen ? "updating" : "connected");
  }

  /** It is over; gives what its last event says. */
  end(cause: Cause): CallEventMap["ended"] {
    this.times.ended = Date.now();
    this.#name(cause.headers);
    const answered = this.times.answered !== undefined;
    this.port.quality.event("sip_end", { cause: cause.cause, originator: cause.originator, status: cause.status, answered });
    this.#become("ended");
    return { ...cause, answered };
  }

  /** The conference's id is told by the server, or is the Call-ID. */
  #name(headers: Headers): void {
    this.uuid = headers.get("X-CallUUID") ?? this.uuid;
    this.port.quality.name(this.uuid);
  }

  #become(to: CallState): void {
    const from = this.state;
    if (from === to || this.isOver) return;
    this.state = to;
    this.port.emitter.emit("state", { from, to });
    this.port.onState(from);
  }
}
