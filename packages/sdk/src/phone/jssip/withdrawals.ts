/**
 * INVITEs of ours that have no final answer, though their calls have ended here. The CANCEL of such a one may have been lost with the socket, or there was no
 * socket to send it by: it is sent when there is one again, so that nobody's phone rings on for a caller who has gone.
 */

import { OutgoingRequest, type RTCSession, type UA } from "./library.ts";

export class Withdrawals {
  readonly #unanswered = new Set<RTCSession>();

  constructor(private readonly ua: UA) {}

  /** The INVITE is about to be sent. */
  sent(session: RTCSession): void {
    this.#unanswered.add(session);
  }

  /** It has its final answer, or never gets one. */
  settled(session: RTCSession): void {
    this.#unanswered.delete(session);
  }

  /** There is a socket again: as RFC 3261 §9.1 builds a CANCEL, by the Via of the INVITE. Its answers have nobody to go to, and nobody needs them. */
  sendAgain(): void {
    for (const session of this.#unanswered) {
      if (!session.isEnded()) continue;
      this.#unanswered.delete(session);
      const { _request: invite } = session;
      const cancel = new OutgoingRequest("CANCEL", invite.ruri, this.ua, { route_set: invite.getHeaders("route"), call_id: invite.call_id, cseq: invite.cseq }, []);
      for (const name of ["from", "via", "to"]) cancel.setHeader(name, invite.getHeader(name)!);
      this.ua.transport.send(cancel);
    }
  }
}
