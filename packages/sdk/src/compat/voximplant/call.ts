/** A call as voximplant-websdk has it, on a call of our phone. */

import type { Call as PhoneCall, CallEventMap, CallOptions, Headers } from "../../phone/api.ts";
import { CallEvents, type SidetoneEvents } from "./call-events.ts";
import type { Endpoint } from "./endpoint.ts";
import { type CodecLimits, type CodecSorter, arrange, h264First } from "./codecs.ts";
import { CallState, LogCategory, LogLevel } from "./enums.ts";
import type { EventHandlers } from "./event-handlers.ts";
import { assertedIdentity, type ExtraHeaders, incomingHeaders, outgoingHeaders } from "./headers.ts";
import { mediaTypeOf, textOf } from "./info.ts";
import { log } from "./log.ts";
import type { Container } from "./media-renderer.ts";
import { Meter } from "./meter.ts";
import { OlderCall } from "./older-call.ts";
import { outcomeOf } from "./outcome.ts";
import type { Conditions } from "./quality/watch.ts";
import { RemoteMedia } from "./remote-media.ts";
import { SentVideo } from "./sent-video.ts";
import type { VideoFlags } from "./structures.ts";
import { Transferred } from "../transferred.ts";
import { Updates, UPDATING, WRONG_STATE } from "./updates.ts";

/** How a call comes to be. */
export interface CallMaking {
  readonly id: string;
  readonly number: string;
  readonly displayName: string;
  readonly isIncoming: boolean;
  /** Joined to watch: nobody is told of the other side. */
  readonly isViewer: boolean;
  readonly headers: ExtraHeaders;
  readonly sendsVideo: boolean;
  /** What the client's configuration says. */
  readonly settings: CallConfiguration;
  readonly onEnded: () => void;
}

export interface CallConfiguration {
  /** What a camera is asked for. */
  readonly camera: () => MediaTrackConstraints;
  /** What a microphone is asked for. */
  readonly microphone: () => MediaTrackConstraints | boolean;
  readonly codecs: () => CodecLimits;
  readonly isH264First: boolean;
  readonly collectionIntervalMs: number | undefined;
  readonly container: Container;
  readonly target: Conditions["target"];
  readonly preferred: Conditions["preferred"];
  readonly videoBps: () => number | undefined;
}

type Told<Name extends keyof CallEventMap> = (event: CallEventMap[Name]) => void;

export class Call extends OlderCall {
  /** Of Sidetone: the phone's call, for what this API has no word for. Absent when the call failed before it began. */
  sidetone: PhoneCall | undefined;
  /** Puts the codecs that are offered, or answered with (`incoming`), into another order, or takes some away; asked each time. */
  rearangeCodecs: CodecSorter;

  readonly #making: CallMaking;
  readonly #media: RemoteMedia;
  readonly #meter: Meter;
  readonly #updates: Updates;
  readonly #video: SentVideo;
  #state: CallState;
  #isActive = true;
  #isRinging = false;
  #isAnswering = false;
  #connectedMs: number | undefined;
  #endedMs: number | undefined;
  #undo: (() => void)[] = [];
  readonly #transferred = new Transferred((next) => this.continueAs(next));
  #id: string;
  /** Set when the other side knows that the call is up: before, there is nothing to be renegotiated. */
  #confirm: () => void = () => undefined;
  #confirmed = new Promise<void>((resolve) => (this.#confirm = resolve));

  /** @internal */
  constructor(making: CallMaking) {
    super();
    this.#making = making;
    this.#id = making.id;
    this.#state = making.isIncoming ? CallState.ALERTING : CallState.PROGRESSING;
    const { settings } = making;
    this.rearangeCodecs = settings.isH264First ? h264First : async (list) => list;
    this.#media = new RemoteMedia(this, settings.container, (listener) => this.sidetone?.on("volume", ({ output }) => listener(output)) ?? (() => undefined));
    this.#updates = new Updates(this, { become: (next) => this.#become(next), confirmed: () => this.#confirmed });
    this.#video = new SentVideo(this, settings, this.#updates, making.sendsVideo ? "camera" : undefined);
    this.#meter = new Meter({
      peerConnection: () => this.sidetone?.peerConnection,
      conditions: () => this.#conditions(),
      collectionIntervalMs: settings.collectionIntervalMs,
      played: (trackId) => this.#media.played(trackId),
      onStats: (stats) => this.#tell(CallEvents.CallStatsReceived, { stats }),
      onRtcStats: (stats) => {
        this.#tell(CallEvents.RTCStatsReceived, { stats });
        this.#media.reported(stats);
      },
      onIssue: ({ name, ...payload }) => this.#tell(name, payload),
    });
  }

  id(): string {
    return this.#id;
  }

  /** The number that was dialled, or that of the caller. */
  number(): string {
    return this.#making.number;
  }

  displayName(): string {
    return this.#making.displayName;
  }

  /** Header fields of the INVITE: those received, or those sent. */
  headers(): { [id: string]: string } {
    return { ...this.#making.headers };
  }

  /** `false` while this side holds the call. */
  active(): boolean {
    return this.#isActive;
  }

  state(): CallState {
    return this.#state;
  }

  /** Milliseconds since `Connected`; 0 before it, and the whole duration after the end. */
  getCallDuration(): number {
    return this.#connectedMs === undefined ? 0 : (this.#endedMs ?? Date.now()) - this.#connectedMs;
  }

  getEndpoints(): Endpoint[] {
    return this.#media.endpoints;
  }

  /** @throws `WRONG_CALL_STATE` unless the call rings here; as do {@link decline} and {@link reject} */
  answer(customData?: string, extraHeaders?: ExtraHeaders, useVideo?: VideoFlags, H264first = false): void {
    const call = this.#ringing();
    if (this.#isAnswering) return;
    this.#isAnswering = true;
    this.#video.source = useVideo?.sendVideo ? "camera" : undefined;
    if (H264first) this.rearangeCodecs = h264First;
    const options = this.options(this.#outgoing(extraHeaders, customData));
    call.answer(options).catch((error: unknown) => this.#warn(`the call is not answered: ${String(error)}`));
  }

  /** Refuses the call on all devices of the user. */
  decline(extraHeaders?: ExtraHeaders): void {
    this.#ringing().reject(603, this.#outgoing(extraHeaders));
  }

  /** Refuses the call; the caller is told 603. */
  reject(extraHeaders?: ExtraHeaders): void {
    this.#ringing().reject(603, this.#outgoing(extraHeaders));
  }

  hangup(extraHeaders?: ExtraHeaders): void {
    if (this.#state === CallState.STOPPING || this.#state === CallState.ENDED) return;
    this.#become(CallState.STOPPING);
    this.#transferred.hangUp();
    this.sidetone?.hangUp(this.#outgoing(extraHeaders));
  }

  /** `0` to `9`, `*`, `#`, `A` to `D`. */
  sendTone(key: string): void {
    if (!this.#isActive) return;
    this.sidetone?.sendDtmf(key).catch((error: unknown) => this.#warn(`the tone is not sent: ${String(error)}`));
  }

  mutePlayback(): void {
    this.#media.isMuted = true;
  }

  unmutePlayback(): void {
    this.#media.isMuted = false;
  }

  muteMicrophone(): void {
    this.sidetone?.mute({ audio: true });
  }

  unmuteMicrophone(): void {
    this.sidetone?.unmute({ audio: true });
  }

  isMicrophoneMuted(): boolean {
    return this.sidetone?.isMuted.audio === true;
  }

  /** A type without a slash is one of `application`. */
  sendInfo(mimeType: string, body: string, extraHeaders?: ExtraHeaders): void {
    this.sidetone?.sendInfo(mediaTypeOf(mimeType), body, this.#outgoing(extraHeaders)).catch((error: unknown) => this.#warn(`the INFO is not sent: ${String(error)}`));
  }

  sendMessage(msg: string): void {
    this.sidetone?.sendMessage(msg).catch((error: unknown) => this.#warn(`the message is not sent: ${String(error)}`));
  }

  /** Holds the call, or goes on with it. */
  async setActive(flag: boolean): Promise<EventHandlers.Updated> {
    if (flag === this.#isActive) return this.#updates.tell(false, `Call already ${flag ? "active" : "inactive"}`);
    if (this.#state !== CallState.CONNECTED) {
      throw this.#updates.fail(this.#state === CallState.UPDATING ? UPDATING : WRONG_STATE, "Trying to make the call inactive in the wrong state");
    }
    this.#setActive(flag);
    try {
      return await this.#updates.of((call) => (flag ? call.resume() : call.hold()));
    } catch (error) {
      this.#setActive(!flag);
      throw error;
    }
  }

  /** Begins to send the camera, or ends it. */
  async sendVideo(flag: boolean): Promise<EventHandlers.Updated> {
    if (typeof flag !== "boolean") {
      throw this.#updates.tell(false, `An argument for the sendVideo() method should be boolean type. Has received ${String(flag)}`);
    }
    if (!this.#isActive) throw this.#updates.tell(false, ON_HOLD);
    return this.#video.send(flag);
  }

  /** Sends the screen in place of the camera. The arguments are of old versions and without effect. */
  async shareScreen(_showLocalView?: boolean, _replaceVideo?: boolean): Promise<EventHandlers.Updated> {
    if (!this.#isActive) throw this.#updates.tell(false, ON_HOLD);
    return this.#video.share();
  }

  /** Ends that; the camera is sent again if it was before. */
  async stopSharingScreen(): Promise<EventHandlers.SharingStopped> {
    if (!this.#isActive) throw this.#updates.tell(false, ON_HOLD);
    return this.#video.stopSharing();
  }

  /** What the phone is to send and offer. @internal */
  options(headers: ExtraHeaders): CallOptions {
    const { camera, microphone, codecs } = this.#making.settings;
    const prepare = (peerConnection: RTCPeerConnection, made: "offer" | "answer") => arrange(peerConnection, codecs(), this.rearangeCodecs, made === "answer");
    return { audio: microphone(), ...(this.#video.source && { video: camera() }), headers, prepare };
  }

  /** The call failed before there was anything to be sent. @internal */
  fail(code: number, reason: string): void {
    this.#end({ isFailure: true, code, reason }, {});
  }

  /** The app changed what video may take. @internal */
  limitVideo(): void {
    this.#video.limit();
  }

  /** The outcome of a transfer of this call. @internal */
  transferred(isComplete: boolean): void {
    if (this.#state !== CallState.CONNECTED) return;
    this.#tell(isComplete ? CallEvents.TransferComplete : CallEvents.TransferFailed);
  }

  /** Follows what the phone tells of the call. @internal */
  follow(call: PhoneCall): void {
    if (!this.sidetone) this.#id = call.id;
    this.sidetone = call;
    this.#media.isScreen = call.remoteScreen;
    const on = <Name extends keyof CallEventMap>(name: Name, told: Told<Name>) => this.#undo.push(call.on(name, told));
    on("progress", ({ early }) => (early ? this.#stopTone() : this.#startTone()));
    on("answered", ({ headers }) => this.#connect(headers));
    on("confirmed", () => this.#confirm());
    on("refer", ({ accept }) => this.#transferred.referred(accept()));
    on("remoteTrack", ({ track, removed }) => (removed ? this.#media.remove(track.id) : this.#media.add(this.#announce(), track)));
    on("remoteScreen", ({ shown }) => (this.#media.isScreen = shown));
    on("localStream", () => this.#video.started());
    on("updated", ({ originator, result, reason }) => this.#updated(originator, result, reason));
    on("info", ({ originator, contentType, body, headers }) => originator === "remote" && this.#informed(contentType, body, headers));
    on("message", ({ text }) => this.#tell(CallEvents.MessageReceived, { text }));
    on("iceCompleted", () => this.#tell(CallEvents.ICECompleted));
    on("iceTimeout", () => this.#tell(CallEvents.ICETimeout));
    on("iceState", ({ state }) => this.#meter.ice(state));
    on("mediaConnected", ({ restarted }) => restarted && this.#meter.restarted());
    on("ended", (ended) => {
      if (this.#transferred.goesOn()) return;
      // To where we were sent it may not have come; this call was answered all the same.
      const answered = ended.answered || this.#connectedMs !== undefined;
      this.#end(outcomeOf(this.#making.isIncoming, { ...ended, answered }), incomingHeaders(ended.headers));
    });
  }

  /** The other side was transferred: this call goes on with somebody else. @internal */
  continueAs(call: PhoneCall): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#meter.restarted();
    this.#media.clear();
    this.follow(call);
    const { remoteStream } = call;
    for (const track of remoteStream?.getTracks() ?? []) this.#media.add(this.#announce(), track);
    this.#updates.tell(true);
  }

  #startTone(): void {
    if (this.#state !== CallState.PROGRESSING || this.#isRinging) return;
    this.#isRinging = true;
    this.#tell(CallEvents.ProgressToneStart);
  }

  #stopTone(): void {
    if (!this.#isRinging) return;
    this.#isRinging = false;
    this.#tell(CallEvents.ProgressToneStop);
  }

  #connect(headers: Headers): void {
    if (this.#state !== CallState.ALERTING && this.#state !== CallState.PROGRESSING) return;
    this.#stopTone();
    this.#announce();
    const identity = assertedIdentity(headers.get("P-Asserted-Identity"));
    if (identity && !this.#making.isIncoming) this.#media.identify(identity);
    this.#connectedMs = Date.now();
    this.#become(CallState.CONNECTED);
    this.#meter.start();
    this.#video.limit();
    this.#tell(CallEvents.Connected, { headers: incomingHeaders(headers) });
  }

  #updated(originator: "local" | "remote", result: boolean, reason: string | undefined): void {
    if (this.#updates.isRunning && originator === "local") return;
    if (originator === "remote") this.#tell(CallEvents.PendingUpdate, { result });
    this.#updates.tell(result, reason);
  }

  #informed(contentType: string, body: string, headers: Headers): void {
    const told = textOf(contentType, body);
    if (told === "internal") return;
    if (told) this.#tell(CallEvents.MessageReceived, { text: told.text });
    else this.#tell(CallEvents.InfoReceived, { mimeType: contentType, body, headers: incomingHeaders(headers) });
  }

  /** The end: exactly one of `Disconnected` and `Failed`. */
  #end(outcome: ReturnType<typeof outcomeOf>, headers: ExtraHeaders): void {
    if (this.#state === CallState.ENDED) return;
    this.#endedMs = Date.now();
    this.#confirm();
    this.#meter.stop();
    this.#media.clear();
    if (outcome.isFailure) {
      this.#tell(CallEvents.Failed, { code: outcome.code, reason: outcome.reason, headers });
      this.#become(CallState.ENDED);
    } else {
      this.#become(CallState.ENDED);
      this.#tell(CallEvents.Disconnected, { headers, params: { answeredElsewhere: outcome.answeredElsewhere } });
    }
    for (const undo of this.#undo.splice(0)) undo();
    this.#making.onEnded();
  }

  #announce(): Endpoint {
    const remote = this.sidetone?.remote;
    const name = remote?.displayName ?? this.displayName();
    return this.#media.announce(!this.#making.isViewer, { id: this.id(), user: remote?.user ?? this.number(), uri: remote?.uri ?? "", displayName: name });
  }

  #conditions(): Conditions {
    const { target, preferred, videoBps } = this.#making.settings;
    const held = this.sidetone?.isHeld;
    return { isMuted: this.isMicrophoneMuted(), isHeld: held?.local === true || held?.remote === true, sends: this.#video.source, receives: this.#media.kinds, target, preferred, videoBps: videoBps() };
  }

  #ringing(): PhoneCall {
    if (this.#state !== CallState.ALERTING || !this.sidetone) throw new Error("WRONG_CALL_STATE");
    return this.sidetone;
  }

  #setActive(isActive: boolean): void {
    if (this.#state === CallState.ENDED) return;
    const old = this.#isActive;
    this.#isActive = isActive;
    this.#tell(CallEvents.ActiveUpdated, { old, new: isActive });
  }

  #become(next: CallState): void {
    const old = this.#state;
    if (old === next || old === CallState.ENDED) return;
    this.#state = next;
    this.#tell(CallEvents.StateUpdated, { old, new: next });
  }

  #outgoing(extraHeaders: ExtraHeaders | undefined, customData?: string): ExtraHeaders {
    return outgoingHeaders(extraHeaders, customData, (why) => this.#warn(why));
  }

  #tell(name: CallEvents | SidetoneEvents, payload: object = {}): void {
    this.dispatchEvent({ name, call: this, ...payload });
  }

  #warn(message: string): void {
    log.write(LogCategory.CALL, `Call ${this.id()}`, LogLevel.WARNING, message);
  }
}

const ON_HOLD = "Operation cannot be performed due to the call is not active";
