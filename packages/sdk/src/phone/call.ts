/** One call: its states, what the page may do with it, and what it is told. */

import { Emitter } from "../emitter.ts";
import type { Call, CallEventMap, CallOptions, CallState, Cause, Feedback, Headers } from "./api.ts";
import { causeOf } from "./cause.ts";
import { type DtmfBy, sendTones } from "./dtmf.ts";
import { headerLines, parseHeaders } from "./headers.ts";
import type { IncomingRequest, IncomingResponse, URI } from "./jssip/library.ts";
import type { Reply } from "./jssip/request.ts";
import { RTCSession } from "./jssip/library.ts";
import { parseTarget } from "./jssip/agent.ts";
import { Session } from "./jssip/session.ts";
import { Meter } from "./media/levels.ts";
import { LocalMedia, prioritise } from "./media/tracks.ts";
import { Mending } from "./mending.ts";
import { Negotiation, Refused } from "./negotiation.ts";
import type { PhoneCore } from "./phone.ts";
import { Quality } from "./quality.ts";
import { editSdp, isHolding } from "./sdp.ts";
import { readRefer, reportProgress, Transfer } from "./transfer.ts";

/** 3xx answers that are followed one after another: RFC 3261 §8.1.3.4 leaves the number to us. */
const REDIRECTS_MAX = 5;

/** What both directions start with. */
interface Start {
  readonly id: string;
  readonly direction: "incoming" | "outgoing";
  readonly target: URI;
  readonly displayName: string | undefined;
  readonly headers: Headers;
  readonly options: CallOptions;
}

export class LiveCall implements Call {
  readonly id: string;
  readonly direction: "incoming" | "outgoing";
  readonly remote: Call["remote"];
  readonly headers: Headers;
  readonly times: { -readonly [Name in keyof Call["times"]]: Call["times"][Name] } = { created: Date.now() };
  readonly isHeld = { local: false, remote: false };
  readonly remoteStream = new MediaStream();
  peerConnection: RTCPeerConnection | undefined;
  state: CallState = "new";
  uuid: string;

  readonly #emitter = new Emitter<CallEventMap>();
  readonly #quality: Quality;
  readonly #mending: Mending;
  #session: Session | undefined;
  #media: LocalMedia | undefined;
  #negotiation: Negotiation | undefined;
  #meter: Meter | undefined;
  #transfer: Transfer | undefined;
  #target: URI;
  #redirects = 0;
  #startsMuted: boolean;
  #isAnswering = false;
  #ringTimer: ReturnType<typeof setTimeout> | undefined;
  #gatherTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly phone: PhoneCore, start: Start) {
    this.id = start.id;
    this.uuid = start.headers.get("X-CallUUID") ?? start.id;
    this.direction = start.direction;
    this.headers = start.headers;
    this.#target = start.target;
    this.#startsMuted = start.options.muted === true;
    this.remote = { user: decodeURIComponent(start.target.user ?? ""), uri: start.target.toString(), displayName: start.displayName };
    this.#quality = new Quality(phone.options.quality, {
      onTick: (tick) => this.#emitter.emit("tick", tick),
      onIssue: (issue, isCleared) => this.#emitter.emit(isCleared ? "issueCleared" : "issueRaised", issue),
      hasListeners: () => (["tick", "issueRaised", "issueCleared"] as const).some((name) => this.#emitter.has(name)),
    });
    this.#mending = new Mending(phone.settings.iceTimeoutMs, {
      isReachable: () => phone.isReachable,
      isOwner: () => this.direction === "outgoing",
      restart: () => this.restartIce(),
      emit: (name, event) => this.#emitter.emit(name, event as never),
      onConnected: () => (this.times.mediaConnected ??= Date.now()),
      giveUp: () => this.#session?.end({ cause: "RTP Timeout", status: 408 }),
    });
  }

  get localStream(): MediaStream | undefined {
    return this.#media?.stream;
  }

  get isMuted(): { readonly audio: boolean; readonly video: boolean } {
    return this.#media?.muted ?? { audio: this.#startsMuted, video: false };
  }

  on<Name extends keyof CallEventMap>(name: Name, handler: (event: CallEventMap[Name]) => void): () => void {
    const off = this.#emitter.on(name, handler);
    if (name === "volume") this.#meter ??= new Meter(() => ({ input: this.localStream?.getAudioTracks()[0], peerConnection: this.peerConnection }), (levels) => this.#emitter.emit("volume", levels));
    if (name === "tick" || name === "issueRaised" || name === "issueCleared") this.#quality.listen();
    return () => {
      off();
      if (name === "volume" && !this.#emitter.has("volume")) this.#closeMeter();
    };
  }

  // The start.

  /** Places the call. */
  async place(options: CallOptions): Promise<void> {
    if (!(await this.#prepare(options))) return;
    await this.#dial(options);
  }

  /** Takes a call that came in; the page has not been told of it yet. */
  adopt(raw: RTCSession): void {
    this.#session = new Session(this.phone.agent!.ua, raw, this.#sessionEvents());
    this.#quality.start(this.uuid, this.phone.user);
    this.#quality.event("sip_invite", { direction: "incoming" });
    this.times.ringing = Date.now();
    this.#become("ringing");
  }

  async answer(options: CallOptions = {}): Promise<void> {
    const session = this.#session;
    if (this.direction !== "incoming" || this.state !== "ringing" || !session || this.#isAnswering) throw new Error("only a ringing incoming call can be answered");
    this.#isAnswering = true;
    this.#startsMuted ||= options.muted === true;
    const configuration = await this.#prepare(options);
    if (!configuration || session.isEnded) throw new Error("the call ended before it was answered");
    session.answer({ headers: headerLines(options.headers), stream: this.#media!.stream, configuration });
  }

  async #dial(options: CallOptions): Promise<void> {
    const configuration = await this.#configuration();
    const { agent } = this.phone;
    if (this.state === "ended") return;
    if (!agent?.isConnected) return this.#end(causeOf("Connection Error", "system"));
    const session = new Session(agent.ua, new RTCSession(agent.ua), this.#sessionEvents());
    this.#session = session;
    const headers = [...(await this.phone.tokenHeaders()), ...headerLines(options.headers)];
    if (this.#isOver()) return;
    // A second INVITE after a redirection is another call to SIP: only the first has the Call-ID that the page knows.
    session.invite(this.#target, this.#redirects === 0 ? this.id : `${this.id}-${this.#redirects}`, { headers, stream: this.#media!.stream, configuration });
    this.#redial = () => this.#dial(options);
  }

  #redial: (() => Promise<void>) | undefined;

  #isOver(): boolean {
    return this.state === "ended";
  }

  /** Gets what the call sends, and how ICE is to be done; nothing when the call is over by then. */
  async #prepare({ stream, audio = this.phone.settings.audio, video = false }: CallOptions): Promise<RTCConfiguration | undefined> {
    try {
      const wanted = { audio: this.phone.deviceBook.constrain(audio), video };
      const captured = stream ?? (audio || video ? await this.phone.deviceBook.capture(wanted) : new MediaStream());
      this.#media = new LocalMedia(captured, stream === undefined);
    } catch {
      if (this.#session) this.#session.end({ status: 480, cause: "User Denied Media Access" });
      else this.#end(causeOf("User Denied Media Access", "local"));
      return undefined;
    }
    if (this.state === "ended") {
      this.#media.close();
      return undefined;
    }
    if (this.#startsMuted) this.mute();
    this.#emitter.emit("localStream", { stream: this.#media.stream });
    return this.#configuration();
  }

  async #configuration(): Promise<RTCConfiguration> {
    const { settings } = this.phone;
    // Without them the call may still do: the caller hears of it by the events of ICE.
    const iceServers = await settings.iceServers().catch(() => []);
    return { iceServers: [...iceServers], iceTransportPolicy: settings.iceTransportPolicy, bundlePolicy: "max-bundle" };
  }

  // What the page may do.

  reject(status = 486, headers: Readonly<Record<string, string>> = {}): void {
    if (this.direction === "incoming" && this.state === "ringing") this.#session?.end({ status, headers });
  }

  ignore(): void {
    if (this.direction !== "incoming" || this.state !== "ringing") return;
    this.#end(causeOf("Ignored", "local"));
  }

  hangUp(headers: Readonly<Record<string, string>> = {}): void {
    if (this.state === "ended") return;
    if (this.direction === "incoming" && this.state === "ringing") return this.reject(480, headers);
    if (this.#session) this.#session.end({ headers });
    else this.#end(causeOf("Canceled", "local"));
  }

  async hold(): Promise<void> {
    await this.#setHold(true);
  }

  async resume(): Promise<void> {
    await this.#setHold(false);
  }

  mute(which: { readonly audio?: boolean; readonly video?: boolean } = { audio: true }): void {
    this.#setMute(which, true);
  }

  unmute(which: { readonly audio?: boolean; readonly video?: boolean } = { audio: true }): void {
    this.#setMute(which, false);
  }

  async sendDtmf(tones: string, how: { readonly by?: DtmfBy; readonly durationMs?: number; readonly gapMs?: number } = {}): Promise<void> {
    const sender = this.peerConnection?.getSenders().find(({ track }) => track?.kind === "audio")?.dtmf ?? undefined;
    await sendTones(tones, {
      sender,
      info: (body) => this.#request("INFO", ["Content-Type: application/dtmf-relay"], body),
      onTone: (tone, durationMs) => {
        this.phone.player.play("dtmf", tone);
        this.#emitter.emit("dtmf", { tone, durationMs, originator: "local" });
      },
    }, how);
  }

  async sendInfo(contentType: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const lines = headerLines({ "Content-Type": contentType, ...headers });
    this.#emitter.emit("info", { contentType, body, headers: parseHeaders(["INFO", ...lines, "", ""].join("\r\n")), originator: "local" });
    accepted(await this.#request("INFO", lines, body));
  }

  async sendMessage(text: string): Promise<void> {
    accepted(await this.#request("MESSAGE", ["Content-Type: text/plain;charset=UTF-8"], text));
  }

  async transfer(to: string | Call): Promise<void> {
    const { agent, settings } = this.phone;
    const session = this.#session;
    if (!agent || !session?.isConfirmed) throw new Error("only an answered call can be transferred");
    const target = typeof to === "string" ? parseTarget(to, settings.domain) : (to as LiveCall).#target.clone();
    if (!target) throw new TypeError(`${JSON.stringify(to)} is no address`);
    const replaces = typeof to === "string" ? undefined : (to as LiveCall).#session?.replaces;
    const transfer = new Transfer(session, (state, status) => this.#emitter.emit("transfer", { state, status }));
    this.#transfer = transfer;
    await transfer.run(replaces === undefined ? target.toString() : `${target}?Replaces=${encodeURIComponent(replaces)}`, agent.ua.configuration.uri.toString());
    // Both sides have each other now.
    this.hangUp();
  }

  async redirect(contact: string): Promise<void> {
    if (this.direction !== "incoming" || this.state !== "ringing") throw new Error("only a ringing incoming call can be redirected");
    this.#session?.end({ status: 302, cause: "Redirected", headers: { Contact: `<${contact}>` } });
  }

  async setVideo(on: boolean | MediaTrackConstraints): Promise<void> {
    const track = on ? (await this.phone.deviceBook.capture({ video: on })).getVideoTracks()[0] : undefined;
    await this.#sendVideo(track, "camera");
  }

  async shareScreen(on: boolean): Promise<void> {
    const track = on ? (await navigator.mediaDevices.getDisplayMedia({ video: true })).getVideoTracks()[0] : undefined;
    // The browser has a button of its own to end it.
    track?.addEventListener("ended", () => void this.#sendVideo(undefined, "screen").catch(() => undefined));
    await this.#sendVideo(track, "screen");
  }

  async replaceAudio(track: MediaStreamTrack): Promise<void> {
    await this.#sendAudio(track, false);
  }

  /** Takes the microphone that is chosen now. */
  async renewMicrophone(): Promise<void> {
    const { deviceBook, settings } = this.phone;
    if (!this.#media || this.state === "ended") return;
    const [track] = (await deviceBook.capture({ audio: deviceBook.constrain(settings.audio || true) })).getAudioTracks();
    if (track) await this.#sendAudio(track, true);
  }

  async setNoiseReduction(_on: boolean): Promise<boolean> {
    return false;
  }

  async restartIce(): Promise<void> {
    const { peerConnection } = this;
    if (!peerConnection || !this.#negotiation) throw new Error("the call is not answered");
    // Credentials of TURN run out; a browser that cannot take new ones goes on with the old.
    const configuration = await this.#configuration();
    try {
      peerConnection.setConfiguration({ ...peerConnection.getConfiguration(), iceServers: configuration.iceServers ?? [] });
    } catch {
      // As said.
    }
    await this.#change(() => this.#mending.restarting(), true);
  }

  async feedback({ score, issues, comment, log }: Feedback): Promise<void> {
    await this.#quality.afterwards("feedback", { overall: score, ...(issues && { issues }), ...(comment !== undefined && { comment }) });
    if (log !== undefined) await this.#quality.afterwards("log", { level: "log", message: log });
  }

  // What the phone tells.

  /** The socket is gone. A call that rings ends with it; one that is up goes on, and is mended when the socket is back. */
  socketLost(): void {
    if (this.#session?.isConfirmed) this.#mending.socketLost();
    else if (this.#session) this.#session.abandon("Connection Error");
  }

  socketBack(): void {
    if (this.#session?.isConfirmed) void this.#mending.socketBack();
  }

  // The session.

  #sessionEvents(): ConstructorParameters<typeof Session>[2] {
    return {
      onPeerConnection: (peerConnection) => this.#observe(peerConnection),
      onCandidate: (ready) => {
        this.#gatherTimer ??= setTimeout(() => {
          this.#emitter.emit("gatheringTimeout", { afterMs: this.phone.settings.gatheringTimeoutMs });
          ready();
        }, this.phone.settings.gatheringTimeoutMs);
      },
      editLocal: (sdp) => {
        clearTimeout(this.#gatherTimer);
        return editSdp(sdp, this.phone.settings);
      },
      onInvite: () => {
        this.#quality.event("sip_invite", { direction: "outgoing" });
        this.#ringTimer = setTimeout(() => this.#session?.end({ cause: "No Answer" }), this.phone.settings.ringSeconds * 1000);
      },
      onProgress: (response) => this.#progress(response),
      onAnswered: (response) => this.#answered(response),
      onConfirmed: () => {
        this.times.confirmed = Date.now();
        this.#become("connected");
        this.#emitter.emit("confirmed", {});
        if (this.peerConnection && this.phone.settings.dscp) void prioritise(this.peerConnection);
      },
      onEnded: (cause) => this.#ended(cause),
      onDtmf: (tone, durationMs) => this.#emitter.emit("dtmf", { tone, durationMs, originator: "remote" }),
      onInfo: (contentType, body, request) => this.#emitter.emit("info", { contentType, body, headers: parseHeaders(request.data), originator: "remote" }),
      onMessage: (request) => {
        const contentType = request.getHeader("Content-Type") ?? "text/plain";
        this.#emitter.emit("message", { text: request.body ?? "", contentType, headers: parseHeaders(request.data) });
      },
      onRefer: (request) => this.#referred(request),
      onNotify: (status) => this.#transfer?.progress(status),
      onOffer: (sdp) => this.#answerOffer(sdp),
      isOffering: () => this.#negotiation?.isOffering === true,
      onReplaces: (request) => this.phone.replace(this, request),
    };
  }

  #progress(response: IncomingResponse): void {
    const headers = parseHeaders(response.data);
    this.#name(headers);
    const early = Boolean(response.body);
    this.times.ringing ??= Date.now();
    this.#quality.event("sip_progress", { status: response.status_code, early });
    if (this.state === "new" || this.state === "ringing") this.#become(early ? "early" : "ringing");
    this.#emitter.emit("progress", { status: response.status_code, early, headers });
  }

  #answered(response: IncomingResponse | undefined): void {
    clearTimeout(this.#ringTimer);
    const headers = response ? parseHeaders(response.data) : this.headers;
    if (response) this.#name(headers);
    this.times.answered = Date.now();
    this.#quality.event("sip_answer", { status: response?.status_code ?? 200 });
    this.#become("answered");
    this.#mending.answered();
    this.#emitter.emit("answered", { headers });
  }

  #ended(cause: Cause): void {
    const contact = cause.cause === "Redirected" && cause.originator === "remote" ? /<([^>]+)>/.exec(cause.headers.get("Contact") ?? "")?.[1] : undefined;
    const target = contact === undefined ? undefined : parseTarget(contact, this.phone.settings.domain);
    if (target && this.#redial && this.#redirects < REDIRECTS_MAX) {
      this.#redirects++;
      this.#target = target;
      clearTimeout(this.#ringTimer);
      return void this.#redial();
    }
    this.#end(cause);
  }

  #end(cause: Cause): void {
    if (this.state === "ended") return;
    this.times.ended = Date.now();
    clearTimeout(this.#ringTimer);
    clearTimeout(this.#gatherTimer);
    this.#mending.close();
    this.#transfer?.end();
    this.#closeMeter();
    this.#media?.close();
    this.#quality.start(this.uuid, this.phone.user);
    this.#quality.event("sip_end", { cause: cause.cause, originator: cause.originator, status: cause.status, answered: this.times.answered !== undefined });
    this.#become("ended");
    this.phone.ended(this);
    this.#emitter.emit("ended", { ...cause, answered: this.times.answered !== undefined });
    void this.#quality.stop();
  }

  /** The conference's id is told by the server, or is the Call-ID. */
  #name(headers: Headers): void {
    this.uuid = headers.get("X-CallUUID") ?? this.uuid;
    this.#quality.start(this.uuid, this.phone.user);
  }

  #become(to: CallState): void {
    const from = this.state;
    if (from === to || from === "ended") return;
    this.state = to;
    this.#emitter.emit("state", { from, to });
    this.phone.stateChanged(this, from);
  }

  #referred(request: IncomingRequest): void {
    const asked = readRefer(request);
    const session = this.#session;
    if (!asked || !session) return;
    let call: Call | undefined;
    let isRejected = false;
    const accept = () => {
      call ??= this.phone.placeCall(asked.target, { headers: asked.headers });
      reportProgress(session, request.cseq, call);
      return call;
    };
    const reject = (status = 603) => {
      if (call || isRejected) return;
      isRejected = true;
      const fields = [`Event: refer;id=${request.cseq}`, "Subscription-State: terminated;reason=rejected", "Content-Type: message/sipfrag;version=2.0"];
      void session.request("NOTIFY", fields, `SIP/2.0 ${status} Declined`);
    };
    this.#emitter.emit("refer", { target: asked.target, headers: parseHeaders(request.data), accept, reject });
    if (!call && !isRejected) accept();
  }

  // The media.

  #observe(peerConnection: RTCPeerConnection): void {
    this.peerConnection = peerConnection;
    this.#quality.observe(peerConnection);
    this.#mending.observe(peerConnection);
    peerConnection.addEventListener("track", ({ track, streams }) => {
      // A voice that comes back after a hold has been here all the time: an element whose stream had no track would have stopped.
      if (this.remoteStream.getTracks().includes(track)) return;
      for (const held of this.remoteStream.getTracks().filter(({ kind }) => kind === track.kind)) this.remoteStream.removeTrack(held);
      this.remoteStream.addTrack(track);
      this.phone.heard(this);
      this.#emitter.emit("remoteTrack", { track, stream: this.remoteStream, removed: false });
      if (track.kind === "audio") return;
      streams[0]?.addEventListener("removetrack", (event) => {
        if (event.track !== track || !this.remoteStream.getTracks().includes(track)) return;
        this.remoteStream.removeTrack(track);
        this.#emitter.emit("remoteTrack", { track, stream: this.remoteStream, removed: true });
      });
    });
    const { settings } = this.phone;
    const call = this;
    this.#negotiation = new Negotiation({
      peerConnection,
      gatheringTimeoutMs: settings.gatheringTimeoutMs,
      get isOwner() {
        return call.#session?.isOwner === true;
      },
      get isEnded() {
        return call.state === "ended";
      },
      edit: (sdp) => editSdp(sdp, settings),
      reinvite: (sdp) => this.#reinvite(sdp),
      onGatheringTimeout: () => this.#emitter.emit("gatheringTimeout", { afterMs: settings.gatheringTimeoutMs }),
      onOffering: (isOpen) => this.#become(isOpen ? "updating" : "connected"),
    });
  }

  async #answerOffer(sdp: string): Promise<string> {
    if (!this.#negotiation) throw new Refused(undefined, "no connection");
    const answer = await this.#negotiation.answer(sdp);
    const held = isHolding(sdp);
    if (held !== this.isHeld.remote) {
      this.isHeld.remote = held;
      this.#quality.hold(held || this.isHeld.local);
      this.#emitter.emit("hold", { originator: "remote", held });
    }
    this.#emitter.emit("updated", { originator: "remote", result: true, reason: undefined });
    return answer;
  }

  /** Changes what is sent and agrees on it; whether that went well is told by an event, too. */
  async #change(work: () => unknown, restartIce = false): Promise<void> {
    if (!this.#negotiation || !this.#session?.isConfirmed) throw new Error("the call is not answered");
    try {
      await this.#negotiation.change(work, { restartIce });
      this.#emitter.emit("updated", { originator: "local", result: true, reason: undefined });
    } catch (error) {
      this.#emitter.emit("updated", { originator: "local", result: false, reason: (error as Error).message });
      throw error;
    }
  }

  async #setHold(held: boolean): Promise<void> {
    const { peerConnection } = this;
    if (this.isHeld.local === held) return;
    if (!peerConnection) throw new Error("the call is not answered");
    try {
      await this.#change(() => this.#media?.hold(peerConnection, held));
    } catch (error) {
      if (!this.#isOver()) this.#media?.hold(peerConnection, !held);
      throw error;
    }
    this.isHeld.local = held;
    this.#quality.hold(held || this.isHeld.remote);
    this.phone.heard(this);
    this.#emitter.emit("hold", { originator: "local", held });
  }

  #setMute(which: { readonly audio?: boolean; readonly video?: boolean }, isMuted: boolean): void {
    if (!this.#media) {
      if (which.audio) this.#startsMuted = isMuted;
      return;
    }
    if (!this.#media.mute(which, isMuted)) return;
    for (const kind of ["audio", "video"] as const) {
      if (which[kind]) this.#quality.event(isMuted ? "muted" : "unmuted", { kind, direction: "outbound" });
    }
    this.#emitter.emit("mute", { ...this.#media.muted });
  }

  async #sendAudio(track: MediaStreamTrack, isOurs: boolean): Promise<void> {
    const { peerConnection } = this;
    if (!peerConnection || !this.#media) throw new Error("the call has no connection yet");
    if (await this.#media.send(peerConnection, "audio", track, isOurs)) await this.#change(() => undefined);
  }

  async #sendVideo(track: MediaStreamTrack | undefined, label: string): Promise<void> {
    const { peerConnection } = this;
    const media = this.#media;
    if (!peerConnection || !media || !this.#session?.isConfirmed) {
      track?.stop();
      throw new Error("the call is not answered");
    }
    if (track) this.#quality.label(track, label);
    if (await media.send(peerConnection, "video", track, true)) await this.#change(() => undefined);
  }

  // Requests.

  async #reinvite(sdp: string): Promise<Reply> {
    return this.#judge(await this.#session!.reinvite(sdp));
  }

  async #request(method: string, headers: readonly string[], body: string): Promise<Reply> {
    if (!this.#session || this.state === "ended") throw new Error("the call has ended");
    return this.#judge(await this.#session.request(method, headers, body));
  }

  /** The other side does not know the call any more (RFC 3261 §12.2.1.2): then there is none. */
  #judge(reply: Reply): Reply {
    if (reply.response?.status_code === 481) this.#session?.abandon("Dialog Error");
    return reply;
  }

  #closeMeter(): void {
    this.#meter?.close();
    this.#meter = undefined;
  }
}

/** Throws for what was not accepted. */
function accepted(reply: Reply): void {
  if (!reply.response) throw new Error(reply.cause);
  if (reply.response.status_code >= 300) throw new Error(`${reply.response.status_code} ${reply.response.reason_phrase}`);
}
