/** One call's SIP: JsSIP's session, with re-INVITEs, transfers and the loss of the socket handled as a call needs it. */

import type { Cause } from "../api.ts";
import { causeOf } from "../cause.ts";
import { headerLines } from "../headers.ts";
import { mendSdp } from "../sdp.ts";
import type { Agent } from "./agent.ts";
import { type IncomingRequest, type IncomingResponse, RTCSession, type URI } from "./library.ts";
import { type Reply, sendWithin } from "./request.ts";

export interface SessionEvents {
  onPeerConnection(peerConnection: RTCPeerConnection): void;
  /** While candidates are gathered; `ready` sends what there is. */
  onCandidate(ready: () => void): void;
  /** What is about to be sent, to be edited. */
  editLocal(sdp: string): string;
  /** What the other side says first, before it takes effect. */
  onDescription(sdp: string): void;
  onInvite(): void;
  onProgress(response: IncomingResponse): void;
  onAnswered(response: IncomingResponse | undefined): void;
  onConfirmed(): void;
  onEnded(cause: Cause): void;
  onDtmf(tone: string, durationMs: number): void;
  onInfo(contentType: string, body: string, request: IncomingRequest): void;
  onMessage(request: IncomingRequest): void;
  onRefer(request: IncomingRequest): void;
  /** Progress of our REFER: the status line that the other side saw. */
  onNotify(status: number): void;
  /** A re-INVITE or UPDATE with an offer; gives the answer. A rejection is answered 488. */
  onOffer(sdp: string): Promise<string>;
  /** Whether an offer of ours is open: then theirs is answered 491. */
  isOffering(): boolean;
  /** An INVITE that is to take the place of this call (RFC 3891). */
  onReplaces(request: IncomingRequest): void;
}

export class Session {
  #endStatus: number | undefined;
  #endCause: string | undefined;
  #callId: string | undefined;

  constructor(
    private readonly agent: Agent,
    readonly raw: RTCSession,
    private readonly events: SessionEvents,
  ) {
    raw.on("peerconnection", ({ peerconnection }) => events.onPeerConnection(peerconnection));
    raw.on("icecandidate", ({ ready }) => events.onCandidate(ready));
    raw.on("sdp", (description) => {
      if (description.originator === "remote") events.onDescription(description.sdp);
      description.sdp = description.originator === "local" ? events.editLocal(description.sdp) : mendSdp(description.sdp);
    });
    raw.on("sending", () => {
      agent.withdrawals.sent(raw);
      events.onInvite();
    });
    raw.on("progress", ({ response }) => response && events.onProgress(response));
    raw.on("accepted", ({ response }) => events.onAnswered(response ?? undefined));
    raw.on("confirmed", () => events.onConfirmed());
    for (const name of ["ended", "failed"] as const) {
      raw.on(name, ({ originator, message, cause }) => {
        const told = typeof message === "string" ? null : message;
        events.onEnded(causeOf(this.#endCause ?? cause, originator, told, this.#endStatus));
      });
    }
    raw.on("newDTMF", ({ originator, dtmf }) => originator === "remote" && events.onDtmf(dtmf.tone, dtmf.duration));
    raw.on("newInfo", ({ originator, info, request }) => originator === "remote" && events.onInfo(info.contentType, info.body ?? "", request));
    this.#mend();
  }

  /**
   * Sends the INVITE. `stream` may have no tracks. `before`: the session that was redirected here; it stays one call, with the same Call-ID, From
   * and To (RFC 3261 §8.1.3.4).
   */
  invite(target: URI, callId: string, options: { headers: readonly string[]; stream: MediaStream; configuration: RTCConfiguration }, before?: Session): void {
    const { headers, stream, configuration } = options;
    this.#callId = callId;
    const media = { mediaStream: stream, pcConfig: configuration, rtcOfferConstraints: { offerToReceiveAudio: true } };
    this.raw.connect(target, { extraHeaders: headers, ...media }, ({ _request }) => {
      if (before) {
        const { _from_tag, _request: redirected } = before.raw;
        this.raw._from_tag = _from_tag;
        _request.from.setParam("tag", _from_tag);
        _request.setHeader("from", _request.from.toString());
        _request.setHeader("to", redirected.to.toString());
        _request.to = redirected.to;
        _request.cseq = redirected.cseq + 1;
        _request.setHeader("cseq", `${_request.cseq} INVITE`);
      }
      // The page has been told this Call-ID before there was a request.
      this.raw._id = callId + this.raw._from_tag;
      _request.call_id = callId;
      _request.setHeader("call-id", callId);
    });
  }

  answer(options: { headers: readonly string[]; stream: MediaStream; configuration: RTCConfiguration }): void {
    this.raw.answer({ extraHeaders: options.headers, mediaStream: options.stream, pcConfig: options.configuration });
  }

  /** CANCEL, BYE or a refusal by `status`, whichever the state asks for. */
  end({ status, cause, headers = {} }: { status?: number; cause?: string; headers?: Readonly<Record<string, string>> } = {}): void {
    if (this.raw.isEnded()) return;
    this.#endCause = cause;
    this.#endStatus = status;
    this.#terminate({ ...(status !== undefined && { status_code: status }), extraHeaders: headerLines(headers) });
  }

  /** Ends the call here; nothing is sent, because nobody would hear or want it. */
  abandon(cause: string): void {
    if (this.raw.isEnded()) return;
    if (this.raw._dialog) this.raw._ended("system", null, cause);
    else this.raw._failed("system", null, cause);
  }

  /** A request within the call. */
  request(method: string, headers: readonly string[], body?: string): Promise<Reply> {
    return sendWithin(this.agent.ua, this.raw, method, headers, body);
  }

  /** Offers anew. */
  reinvite(sdp: string): Promise<Reply> {
    return this.request("INVITE", ["Content-Type: application/sdp"], sdp);
  }

  /** The session description of the INVITE that came, if it had one. */
  get offer(): string | undefined {
    const { raw } = this;
    return raw.direction === "incoming" ? ((raw._request as IncomingRequest).body ?? undefined) : undefined;
  }

  get isConfirmed(): boolean {
    return this.raw._status === RTCSession.C.STATUS_CONFIRMED || this.raw._status === RTCSession.C.STATUS_WAITING_FOR_ACK;
  }

  get isEnded(): boolean {
    return this.raw.isEnded();
  }

  /** This end of the call as a participant: by Call-ID and its tag, as Sidetone's SIP server names it too. Absent before the INVITE. */
  get participantId(): string | undefined {
    const { raw } = this;
    if (this.#callId !== undefined) return `sip/${this.#callId}/${raw._from_tag}`;
    return raw.direction === "incoming" ? `sip/${raw._request.call_id}/${raw._request.to_tag}` : undefined;
  }

  /** Whether the Call-ID is ours: then RFC 3261 §14.1 lets us wait longer after a 491. */
  get isOwner(): boolean {
    return this.raw.direction === "outgoing";
  }

  /** The value of a Replaces header that names this call, as the other side has to see it (RFC 3891 §3). */
  get replaces(): string | undefined {
    const dialog = this.raw._dialog;
    return dialog ? `${dialog.id.call_id};to-tag=${dialog.id.remote_tag};from-tag=${dialog.id.local_tag}` : undefined;
  }

  /** Where JsSIP ends a call that can still be saved, or answers a request twice. */
  #mend(): void {
    const { raw, events } = this;
    const { withdrawals } = this.agent;
    const terminate = raw.terminate.bind(raw);
    this.#terminate = terminate;
    // Asked for by JsSIP itself, when ICE failed: we restart ICE.
    raw.terminate = () => undefined;
    raw.onTransportError = () => this.abandon("Connection Error");
    raw.onRequestTimeout = () => {
      withdrawals.settled(raw);
      this.abandon("Request Timeout");
    };
    const receiveResponse = raw._receiveInviteResponse.bind(raw);
    raw._receiveInviteResponse = (response) => {
      if (response.status_code >= 200) withdrawals.settled(raw);
      receiveResponse(response);
    };
    const receive = raw.receiveRequest.bind(raw);
    raw.receiveRequest = (request) => {
      switch (request.method) {
        case "INVITE":
        case "UPDATE":
          if (!this.isConfirmed) return receive(request);
          if (request.method === "INVITE" && request.hasHeader("Replaces")) return events.onReplaces(request);
          // Without an offer there is nothing to answer it with but an offer of ours, which JsSIP makes.
          if (!request.body) return receive(request);
          return void this.#answerOffer(request);
        case "MESSAGE":
          // It has been answered where it came in.
          return events.onMessage(request);
        case "REFER":
          if (!request.refer_to) return request.reply(400);
          request.reply(202);
          return events.onRefer(request);
        case "NOTIFY": {
          if (request.event?.event !== "refer") return request.reply(489);
          request.reply(200);
          const status = /^SIP\/2\.0 (\d{3})/.exec(request.body ?? "")?.[1];
          return status === undefined ? undefined : events.onNotify(Number(status));
        }
        default:
          return receive(request);
      }
    };
  }

  #terminate: RTCSession["terminate"] = () => undefined;

  async #answerOffer(request: IncomingRequest): Promise<void> {
    const { raw, events } = this;
    // JsSIP has answered 491 already where an INVITE of ours is under way, and gone on.
    if (raw._dialog?.uac_pending_reply) return;
    if (events.isOffering()) return request.reply(491);
    let answer: string;
    try {
      answer = await events.onOffer(request.body ?? "");
    } catch {
      return request.reply(488);
    }
    if (raw.isEnded()) return;
    const headers = [`Contact: ${raw.contact}`];
    if (request.method === "UPDATE") return request.reply(200, null, headers, answer);
    request.reply(200, null, headers, answer, () => {
      // An ACK that got lost with the socket is not waited for beside the next one.
      for (const timer of [raw._timers.ackTimer, raw._timers.invite2xxTimer]) clearTimeout(timer ?? undefined);
      raw._status = RTCSession.C.STATUS_WAITING_FOR_ACK;
      raw._setInvite2xxTimer(request, answer);
      raw._setACKTimer();
    });
  }
}
