/** One call: what the page may do with it, and how its parts work together. */

import { Emitter } from "../emitter.ts";
import type { Call, CallEventMap, CallOptions, CallState, Cause, Feedback, Headers } from "./api.ts";
import { CallMedia, type Which } from "./call-media.ts";
import { causeOf } from "./cause.ts";
import { Course } from "./course.ts";
import { headerLines, parseHeaders, unescaped } from "./headers.ts";
import type { URI } from "./jssip/library.ts";
import { RTCSession } from "./jssip/library.ts";
import { parseTarget } from "./jssip/agent.ts";
import { Session } from "./jssip/session.ts";
import { Meter } from "./media/levels.ts";
import { prioritise } from "./media/tracks.ts";
import { Mending } from "./mending.ts";
import type { PhoneCore } from "./phone.ts";
import { Quality } from "./quality.ts";
import { Redirection } from "./redirection.ts";
import { Requests } from "./requests.ts";
import { showsVideo } from "./sdp.ts";
import { isDeflectedBy, takeRefer, Transfer } from "./transfer.ts";

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
  readonly isHandedOver: boolean;

  readonly #emitter = new Emitter<CallEventMap>();
  readonly #quality: Quality;
  readonly #course: Course;
  readonly #mending: Mending;
  #session: Session | undefined;
  readonly #media: CallMedia;
  #meter: Meter | undefined;
  #transfer: Transfer | undefined;
  #target: URI;
  readonly #redirection: Redirection;
  readonly #requests: Requests;
  #isAnswering = false;
  #ringTimer: ReturnType<typeof setTimeout> | undefined;
  #gatherTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly phone: PhoneCore, start: Start) {
    this.id = start.id;
    this.direction = start.direction;
    this.headers = start.headers;
    this.isHandedOver = start.direction === "incoming" && isDeflectedBy(phone.address, start.headers);
    this.#target = start.target;
    this.remote = { user: unescaped(start.target.user ?? ""), uri: start.target.toString(), displayName: start.displayName };
    this.#quality = new Quality(phone.options.quality, {
      onTick: (tick) => this.#emitter.emit("tick", tick),
      onIssue: (issue, isCleared) => this.#emitter.emit(isCleared ? "issueCleared" : "issueRaised", issue),
      hasListeners: () => (["tick", "issueRaised", "issueCleared"] as const).some((name) => this.#emitter.has(name)),
    });
    const course = { emitter: this.#emitter, quality: this.#quality, onState: (from: CallState) => phone.stateChanged(this, from) };
    this.#course = new Course(course, start.headers.get("X-CallUUID") ?? start.id, start.headers);
    this.#redirection = new Redirection(phone.settings.domain);
    this.#requests = new Requests(this.#requestsPort());
    this.#media = new CallMedia(this.#mediaPort(), start.options.muted === true);
    this.#mending = new Mending(phone.settings.iceTimeoutMs, {
      isReachable: () => phone.isReachable,
      isOwner: () => this.direction === "outgoing",
      restart: () => this.restartIce(),
      emit: (name, event) => this.#emitter.emit(name, event as never),
      onConnected: () => (this.#course.times.mediaConnected ??= Date.now()),
      giveUp: () => this.#session?.end({ cause: "RTP Timeout", status: 408 }),
    });
  }

  get state(): CallState {
    return this.#course.state;
  }

  get uuid(): string {
    return this.#course.uuid;
  }

  get times(): Call["times"] {
    return this.#course.times;
  }

  get participantId(): string | undefined {
    return this.#session?.participantId;
  }

  get peerConnection(): RTCPeerConnection | undefined {
    return this.#media.peerConnection;
  }

  get localStream(): MediaStream | undefined {
    return this.#media.localStream;
  }

  get remoteStream(): MediaStream {
    return this.#media.remoteStream;
  }

  get remoteScreen(): boolean {
    return this.#media.remoteScreen;
  }

  get offersVideo(): boolean {
    return showsVideo(this.#session?.offer ?? "");
  }

  get isHeld(): Call["isHeld"] {
    return this.#media.isHeld;
  }

  get isMuted(): Call["isMuted"] {
    return this.#media.isMuted;
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
    try {
      const stream = await this.#capture(options);
      if (stream) await this.#dial(stream, options);
    } catch {
      // Such as a header field that cannot be sent.
      this.#end(causeOf("Internal Error", "local"));
    }
  }

  /** Takes a call that came in; the page has not been told of it yet. */
  adopt(raw: RTCSession): void {
    this.#session = new Session(this.phone.agent!, raw, this.#sessionEvents());
    this.#open();
    this.#course.invited("incoming");
  }

  async answer(options: CallOptions = {}): Promise<void> {
    const session = this.#session;
    if (this.direction !== "incoming" || this.state !== "ringing" || !session || this.#isAnswering) throw new Error("only a ringing incoming call can be answered");
    const headers = headerLines(options.headers);
    this.#isAnswering = true;
    const stream = await this.#capture(options);
    const configuration = await this.#media.configuration();
    if (!stream || session.isEnded) throw new Error("the call ended before it was answered");
    session.answer({ headers, stream, configuration });
  }

  async #dial(stream: MediaStream, options: CallOptions): Promise<void> {
    const configuration = await this.#media.configuration();
    const { agent } = this.phone;
    if (this.#course.isOver) return;
    if (!agent?.isConnected) return this.#end(causeOf("Connection Error", "system"));
    const before = this.#session;
    const session = new Session(agent, new RTCSession(agent.ua), this.#sessionEvents());
    this.#session = session;
    const headers = [...(await this.phone.tokenHeaders()), ...headerLines(options.headers), ...this.#redirection.headers];
    if (this.#course.isOver) return;
    session.invite(this.#target, this.id, { headers, stream, configuration }, before);
    this.#redial = () => this.#dial(stream, options);
  }

  #redial: (() => Promise<void>) | undefined;

  /** Gets what the call sends; nothing when the call is over by then. */
  async #capture(options: CallOptions): Promise<MediaStream | undefined> {
    try {
      return await this.#media.capture(options);
    } catch {
      if (this.#session) this.#session.end({ status: 480, cause: "User Denied Media Access" });
      else this.#end(causeOf("User Denied Media Access", "local"));
      return undefined;
    }
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
    if (this.#course.isOver) return;
    if (this.direction === "incoming" && this.state === "ringing") return this.reject(480, headers);
    if (this.#session && !this.#session.isEnded) this.#session.end({ headers });
    // Before there is an INVITE; or between two, when the one that was redirected has ended.
    else this.#end(causeOf("Canceled", "local"));
  }

  async hold(): Promise<void> {
    await this.#media.setHold(true);
  }

  async resume(): Promise<void> {
    await this.#media.setHold(false);
  }

  mute(which: Which = { audio: true }): void {
    this.#media.setMute(which, true);
  }

  unmute(which: Which = { audio: true }): void {
    this.#media.setMute(which, false);
  }

  async sendDtmf(tones: string, how: Parameters<Call["sendDtmf"]>[1] = {}): Promise<void> {
    await this.#requests.sendDtmf(tones, how);
  }

  async sendInfo(contentType: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#requests.sendInfo(contentType, body, headers);
  }

  async sendMessage(text: string): Promise<void> {
    await this.#requests.sendMessage(text);
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
    this.#session?.end({ status: 302, cause: "Redirected", headers: { Contact: `<${contact}>`, Diversion: `<${this.phone.address}>;reason=deflection` } });
  }

  async setVideo(on: boolean | MediaTrackConstraints): Promise<void> {
    await this.#media.setVideo(on);
  }

  async shareScreen(on: boolean): Promise<void> {
    await this.#media.shareScreen(on);
  }

  async replaceAudio(track: MediaStreamTrack): Promise<void> {
    await this.#media.sendAudio(track);
  }

  async setNoiseReduction(on: boolean): Promise<boolean> {
    return this.#media.reduceNoise(on);
  }

  async restartIce(): Promise<void> {
    await this.#media.restartIce(() => this.#mending.restarting());
  }

  async feedback({ score, issues, comment, log }: Feedback): Promise<void> {
    await this.#quality.afterwards("feedback", { overall: score, ...(issues && { issues }), ...(comment !== undefined && { comment }) });
    if (log !== undefined) await this.#quality.afterwards("log", { level: "log", message: log });
  }

  // What the phone tells.

  /** Another microphone was chosen. */
  async renewMicrophone(): Promise<void> {
    await this.#media.renewMicrophone();
  }

  /** Some were plugged in or out, and these are gone. */
  async microphonesChanged(gone: readonly string[]): Promise<void> {
    await this.#media.microphonesChanged(gone);
  }

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
        // Where the call is redirected, the next INVITE has a time of its own.
        this.#gatherTimer = undefined;
        return this.#media.edit(sdp);
      },
      onDescription: (sdp) => this.#media.described(sdp),
      onInvite: () => {
        this.#course.invited("outgoing");
        this.phone.inviting(this);
        this.#ringTimer = setTimeout(() => this.#session?.end({ cause: "No Answer" }), this.phone.settings.ringSeconds * 1000);
      },
      onProgress: (response) => this.#course.progress(response),
      onAnswered: (response) => {
        clearTimeout(this.#ringTimer);
        this.#mending.answered();
        this.#course.answered(response);
      },
      onConfirmed: () => {
        this.#course.confirmed();
        if (this.peerConnection && this.phone.settings.dscp) void prioritise(this.peerConnection);
      },
      onEnded: (cause) => this.#ended(cause),
      onDtmf: (tone, durationMs) => this.#emitter.emit("dtmf", { tone, durationMs, originator: "remote" }),
      onInfo: (contentType, body, request) => this.#emitter.emit("info", { contentType, body, headers: parseHeaders(request.data), originator: "remote" }),
      onMessage: (request) => {
        const contentType = request.getHeader("Content-Type") ?? "text/plain";
        this.#emitter.emit("message", { text: request.body ?? "", contentType, headers: parseHeaders(request.data) });
      },
      onRefer: (request) => takeRefer(this.#session!, request, (target, headers) => this.phone.placeCall(target, { headers }), (refer) => this.#emitter.emit("refer", refer)),
      onNotify: (status) => this.#transfer?.progress(status),
      onOffer: (sdp) => this.#media.answerOffer(sdp),
      isOffering: () => this.#media.isOffering,
      onReplaces: (request) => this.phone.replace(this, request),
    };
  }

  #ended(cause: Cause): void {
    const target = this.#redial && this.#redirection.follow(cause);
    if (target) {
      this.#target = target;
      clearTimeout(this.#ringTimer);
      return void this.#redial?.().catch(() => this.#end(causeOf("Internal Error", "local")));
    }
    this.#end(cause);
  }

  #end(cause: Cause): void {
    if (this.#course.isOver) return;
    clearTimeout(this.#ringTimer);
    clearTimeout(this.#gatherTimer);
    this.#mending.close();
    this.#transfer?.end();
    this.#closeMeter();
    this.#media.close();
    this.#open();
    const told = this.#course.end(cause);
    this.phone.ended(this);
    this.#emitter.emit("ended", told);
    this.#quality.stop();
  }

  #open(): void {
    this.#quality.open(this.#session?.participantId, this.phone.user);
  }

  // The media.

  #observe(peerConnection: RTCPeerConnection): void {
    this.#media.observe(peerConnection);
    this.#open();
    this.#quality.observe(peerConnection);
    this.#mending.observe(peerConnection);
  }

  #mediaPort(): ConstructorParameters<typeof CallMedia>[0] {
    const call = this;
    return {
      phone: this.phone,
      quality: this.#quality,
      get session() {
        return call.#session;
      },
      get isEnded() {
        return call.#course.isOver;
      },
      emit: (name, event) => this.#emitter.emit(name, event as never),
      reinvite: (sdp) => this.#requests.reinvite(sdp),
      onOffering: (isOpen) => this.#course.offering(isOpen),
      onHeard: () => this.phone.heard(this),
    };
  }

  #requestsPort(): ConstructorParameters<typeof Requests>[0] {
    const call = this;
    return {
      get session() {
        return call.#course.isOver ? undefined : call.#session;
      },
      get peerConnection() {
        return call.peerConnection;
      },
      emit: (name, event) => this.#emitter.emit(name, event as never),
      onKey: (tone) => this.phone.player.play("dtmf", tone),
    };
  }

  #closeMeter(): void {
    this.#meter?.close();
    this.#meter = undefined;
  }
}
