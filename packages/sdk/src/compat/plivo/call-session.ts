/** One call as Plivo's SDK shows it: its CallInfo, kept up to date with the phone's call. */

import type { Call } from "../../phone/api.ts";
import { Transferred } from "../transferred.ts";
import { ALIVE, type CallInfo, type Ending, STATE, type State } from "./call-info.ts";
import { type ExtraHeaders, received } from "./headers.ts";

const STIR_HEADER = "X-Plivo-Stir-Verification";

export class CallSession {
  readonly STATE = STATE;
  readonly direction: string;
  readonly src: string;
  readonly dest: string;
  readonly stirShakenState: string;
  readonly extraHeaders: ExtraHeaders;
  state: State = STATE.INITIALIZED;
  /** Who is at the other end, and who is to be. */
  session: Call;
  readonly #transferred: Transferred;
  #callUUID: string | undefined;
  #ending: Ending = ALIVE;

  /** `sent`: what an outgoing call was placed with. */
  constructor(
    session: Call,
    readonly user: string,
    sent: { readonly dest: string; readonly extraHeaders: ExtraHeaders } | undefined,
    /** It goes on with another call of the phone. */
    private readonly onMoved: () => void,
  ) {
    this.session = session;
    this.#transferred = new Transferred((next) => this.continueAs(next));
    const isOutgoing = session.direction === "outgoing";
    this.direction = session.direction;
    this.src = isOutgoing ? user : session.remote.user;
    this.dest = sent?.dest ?? user;
    this.extraHeaders = sent?.extraHeaders ?? received(session.headers);
    // Absent where the server says nothing, as in Plivo's SDK.
    if (session.isHandedOver) this.#ending = { ...ALIVE, reason: "redirected" };
    this.stirShakenState = isOutgoing ? "Not_applicable" : (session.headers.get(STIR_HEADER) as string);
  }

  /** `X-CallUUID`, or the Call-ID where the server gives none. Stays what it was when the other side transfers the call. */
  get callUUID(): string {
    return this.#callUUID ?? this.session.uuid;
  }

  get sipCallID(): string {
    return this.session.id;
  }

  get isRinging(): boolean {
    return this.state === STATE.RINGING;
  }

  /** They send us to somebody else, whom the phone calls. */
  referred(next: Call): void {
    this.#transferred.referred(next);
  }

  /** The other side is another one from here on. */
  continueAs(call: Call): void {
    this.#callUUID = this.callUUID;
    this.session = call;
    this.onMoved();
  }

  /** The phone's call is over; whether this one goes on where it was sent. */
  goesOn(): boolean {
    return this.#transferred.goesOn();
  }

  hangUp(): void {
    this.#transferred.hangUp();
    this.session.hangUp();
  }

  /** The last change of state. */
  end(state: State, ending: Ending): CallInfo {
    this.state = state;
    this.#ending = ending;
    return this.getCallInfo();
  }

  getCallInfo = (): CallInfo => {
    const { callUUID, direction, src, dest, state, stirShakenState, extraHeaders } = this;
    return { callUUID, direction, src, dest, state, stirShakenState, extraHeaders, ...this.#ending };
  };
}
