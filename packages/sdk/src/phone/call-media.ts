/** What a call sends, and what both sides agree on about it: microphone, camera, screen, hold, ICE. */

import { Turns } from "../turns.ts";
import { limited, within } from "../within.ts";
import type { CallEventMap, CallOptions } from "./api.ts";
import type { Session } from "./jssip/session.ts";
import { LocalMedia } from "./media/tracks.ts";
import { Negotiation, Refused } from "./negotiation.ts";
import type { PhoneCore } from "./phone.ts";
import type { Quality } from "./quality.ts";
import { editSdp, isHolding, showsScreen } from "./sdp.ts";
import type { Reply } from "./jssip/request.ts";

type MediaEvent = "localStream" | "remoteTrack" | "remoteScreen" | "hold" | "mute" | "updated" | "gatheringTimeout";
/** Which kinds of track are meant. */
export type Which = { readonly audio?: boolean; readonly video?: boolean };

export interface CallMediaPort {
  readonly phone: PhoneCore;
  readonly quality: Quality;
  readonly session: Session | undefined;
  readonly isEnded: boolean;
  emit<Name extends MediaEvent>(name: Name, event: CallEventMap[Name]): void;
  reinvite(sdp: string): Promise<Reply>;
  /** An offer of ours is being agreed on, or is no more. */
  onOffering(isOpen: boolean): void;
  /** What is heard, or whether it is, has changed. */
  onHeard(): void;
}

/** How long a call waits for the page's ICE servers: without, it may still do. */
const SERVERS_PATIENCE_MS = 10_000;
/** How long a call waits for the noise reduction, which comes into it later otherwise: a browser may want a click before it makes sound. */
const NOISE_PATIENCE_MS = 3000;

export class CallMedia {
  readonly remoteStream = new MediaStream();
  readonly isHeld = { local: false, remote: false };
  peerConnection: RTCPeerConnection | undefined;
  #local: LocalMedia | undefined;
  #negotiation: Negotiation | undefined;
  #prepare: CallOptions["prepare"];
  #isScreen = false;
  /** What was asked for last, and what becomes of it. */
  #hold = { isWanted: false, done: Promise.resolve() };
  /** Changes of the picture: what was asked for last is what is sent, however long the browser asks its user before. */
  readonly #picture = new Turns();
  /** The same of the voice: of two microphones that were chosen, the browser may give the first one last. */
  readonly #voice = new Turns();
  #end!: (error: Error) => void;
  readonly #over = new Promise<never>((_, reject) => (this.#end = reject));
  /** The picture that comes is a screen. */
  remoteScreen = false;

  constructor(private readonly port: CallMediaPort, private startsMuted: boolean) {
    this.#over.catch(() => undefined);
  }

  get localStream(): MediaStream | undefined {
    return this.#local?.stream;
  }

  get isMuted(): { readonly audio: boolean; readonly video: boolean } {
    return this.#local?.muted ?? { audio: this.startsMuted, video: false };
  }

  /** Whether an offer of ours is being made or has no answer yet. */
  get isOffering(): boolean {
    return this.#negotiation?.isOffering === true;
  }

  /** Gets what the call sends. Rejects when the user or the browser denies it. */
  async capture({ stream, audio = this.port.phone.settings.audio, video = false, muted = false, screen = false, prepare }: CallOptions): Promise<MediaStream> {
    this.#prepare = prepare;
    this.#isScreen = screen;
    const { deviceBook, options, settings } = this.port.phone;
    const wanted = { audio: deviceBook.constrain(audio), video };
    const captured = stream ?? (audio || video ? await deviceBook.capture(wanted) : new MediaStream());
    const local = new LocalMedia(captured, stream === undefined, options.assetsUrl);
    this.#local = local;
    this.#checkOver();
    if (this.startsMuted || muted) this.setMute({ audio: true }, true);
    // Where it cannot be had, the call goes on with the noise.
    if (settings.noiseReduction) await within(NOISE_PATIENCE_MS, this.reduceNoise(true));
    this.#checkOver();
    this.port.emit("localStream", { stream: local.stream });
    return local.stream;
  }

  /** The browser may have taken longer than the call lasted. */
  #checkOver(): void {
    if (!this.port.isEnded) return;
    this.close();
    throw new Error("the call has ended");
  }

  /** How ICE is to be done; asked for anew each time, because credentials run out. */
  async configuration(): Promise<RTCConfiguration> {
    const { settings } = this.port.phone;
    // Without servers the call may still do: the page hears of it by the events of ICE.
    const iceServers = await limited(SERVERS_PATIENCE_MS, settings.iceServers()).catch(() => []);
    return { iceServers: [...iceServers], iceTransportPolicy: settings.iceTransportPolicy, bundlePolicy: "max-bundle" };
  }

  /** A description of ours as it goes out. */
  edit(sdp: string): string {
    return editSdp(sdp, { ...this.port.phone.settings, isScreen: this.#isScreen });
  }

  /** Reads in theirs what browsers do not. */
  described(sdp: string): void {
    const shown = showsScreen(sdp) ?? this.remoteScreen;
    if (shown === this.remoteScreen) return;
    this.remoteScreen = shown;
    this.port.emit("remoteScreen", { shown });
  }

  observe(peerConnection: RTCPeerConnection): void {
    const { port } = this;
    this.peerConnection = peerConnection;
    if (this.#prepare) prepared(peerConnection, this.#prepare);
    peerConnection.addEventListener("track", ({ track, streams }) => this.#hear(track, streams[0]));
    const { settings } = port.phone;
    this.#negotiation = new Negotiation({
      peerConnection,
      gatheringTimeoutMs: settings.gatheringTimeoutMs,
      isOwner: () => port.session?.isOwner === true,
      isEnded: () => port.isEnded,
      edit: (sdp) => this.edit(sdp),
      onDescription: (sdp) => this.described(sdp),
      reinvite: (sdp) => port.reinvite(sdp),
      onGatheringTimeout: () => port.emit("gatheringTimeout", { afterMs: settings.gatheringTimeoutMs }),
      onOffering: (isOpen) => port.onOffering(isOpen),
    });
  }

  async answerOffer(sdp: string): Promise<string> {
    if (!this.#negotiation) throw new Error("the call has no connection yet");
    const answer = await this.#negotiation.answer(sdp);
    const held = isHolding(sdp);
    if (held !== this.isHeld.remote) {
      this.isHeld.remote = held;
      this.port.quality.hold(held || this.isHeld.local);
      this.port.emit("hold", { originator: "remote", held });
    }
    this.port.emit("updated", { originator: "remote", result: true, reason: undefined });
    return answer;
  }

  /** Asked for again while it is being agreed on, it is done once; the opposite comes after it. */
  setHold(held: boolean): Promise<void> {
    if (this.#hold.isWanted === held) return this.#hold.done;
    const wish = { isWanted: held, done: this.#whileUp(this.#changeHold(held)) };
    this.#hold = wish;
    wish.done.catch(() => {
      if (this.#hold === wish) this.#hold = { isWanted: !held, done: Promise.resolve() };
    });
    return wish.done;
  }

  async #changeHold(held: boolean): Promise<void> {
    const { peerConnection, port } = this;
    if (!peerConnection) throw new Error("the call is not answered");
    try {
      await this.#change(() => this.#local?.hold(peerConnection, held));
    } catch (error) {
      if (!port.isEnded) this.#local?.hold(peerConnection, !held);
      throw error;
    }
    this.isHeld.local = held;
    port.quality.hold(held || this.isHeld.remote);
    port.onHeard();
    port.emit("hold", { originator: "local", held });
  }

  setMute(which: Which, isMuted: boolean): void {
    if (!this.#local) {
      if (which.audio) this.startsMuted = isMuted;
      return;
    }
    if (!this.#local.mute(which, isMuted)) return;
    for (const kind of ["audio", "video"] as const) {
      if (which[kind]) this.port.quality.event(isMuted ? "muted" : "unmuted", { kind, direction: "outbound" });
    }
    this.port.emit("mute", { ...this.#local.muted });
  }

  setVideo(on: boolean | MediaTrackConstraints): Promise<void> {
    return this.#show(async () => {
      const track = on ? (await this.port.phone.deviceBook.capture({ video: on })).getVideoTracks()[0] : undefined;
      await this.#sendVideo(track, "camera");
    });
  }

  shareScreen(on: boolean): Promise<void> {
    return this.#show(async () => {
      const track = on ? (await navigator.mediaDevices.getDisplayMedia({ video: true })).getVideoTracks()[0] : undefined;
      // The browser has a button of its own to end it.
      track?.addEventListener("ended", () => void this.#screenEnded(track).catch(() => undefined));
      await this.#sendVideo(track, "screen");
    });
  }

  /** A picture that has taken its place meanwhile stays. */
  #screenEnded(track: MediaStreamTrack): Promise<void> {
    return this.#show(async () => {
      if (this.#local?.stream.getTracks().includes(track)) await this.#sendVideo(undefined, "screen");
    });
  }

  sendAudio(track: MediaStreamTrack): Promise<void> {
    return this.#speak(() => this.#sendAudio(track, false));
  }

  async #sendAudio(track: MediaStreamTrack, isOurs: boolean): Promise<void> {
    if (!this.peerConnection || !this.#local) throw new Error("the call has no connection yet");
    if (await this.#local.send(this.peerConnection, "audio", track, isOurs)) await this.#change(() => undefined);
  }

  /** Takes the microphone that is chosen now. */
  renewMicrophone(): Promise<void> {
    const { deviceBook, settings } = this.port.phone;
    return this.#speak(async () => {
      if (!this.#local || !this.peerConnection || this.port.isEnded) return;
      const [track] = (await deviceBook.capture({ audio: deviceBook.constrain(settings.audio || true) })).getAudioTracks();
      if (track) await this.#sendAudio(track, true);
    });
  }

  /** Where the microphone in use is among these, which are gone, or went before, another takes its place. */
  async microphonesChanged(gone: readonly string[]): Promise<void> {
    const microphone = this.#local?.microphone;
    if (!microphone) return;
    // A browser may have ended the track already, or be about to.
    if (microphone.readyState === "ended" || gone.includes(microphone.getSettings().deviceId ?? "")) await this.renewMicrophone();
  }

  reduceNoise(on: boolean): Promise<boolean> {
    return this.#whileUp(this.#local?.reduceNoise(() => this.peerConnection, on) ?? Promise.resolve(false));
  }

  /** Offers anew with an ICE restart; `onStart` is called when its turn has come. */
  async restartIce(onStart: () => void): Promise<void> {
    const { peerConnection } = this;
    if (!peerConnection) throw new Error("the call is not answered");
    const { iceServers = [] } = await this.configuration();
    try {
      peerConnection.setConfiguration({ ...peerConnection.getConfiguration(), iceServers });
    } catch {
      // A browser that cannot take new credentials goes on with the old.
    }
    await this.#whileUp(this.#change(onStart, true));
  }

  close(): void {
    this.#end(new Refused(undefined, "the call has ended"));
    this.#local?.close();
  }

  #show(work: () => Promise<void>): Promise<void> {
    return this.#whileUp(this.#picture.take(work));
  }

  #speak(work: () => Promise<void>): Promise<void> {
    return this.#whileUp(this.#voice.take(work));
  }

  /** What a browser began with on a connection that is closed since, it may never end. */
  #whileUp<Result>(work: Promise<Result>): Promise<Result> {
    return Promise.race([work, this.#over]);
  }

  /** Changes what is sent and agrees on it; whether that went well is told by an event, too. */
  async #change(work: () => unknown, restartIce = false): Promise<void> {
    if (!this.#negotiation || !this.port.session?.isConfirmed) throw new Error("the call is not answered");
    try {
      await this.#negotiation.change(work, { restartIce });
      this.port.emit("updated", { originator: "local", result: true, reason: undefined });
    } catch (error) {
      this.port.emit("updated", { originator: "local", result: false, reason: (error as Error).message });
      throw error;
    }
  }

  #hear(track: MediaStreamTrack, stream: MediaStream | undefined): void {
    const { remoteStream, port } = this;
    // A voice that comes back after a hold has been here all the time: an element whose stream had no track would have stopped.
    if (remoteStream.getTracks().includes(track)) return;
    for (const held of remoteStream.getTracks().filter(({ kind }) => kind === track.kind)) remoteStream.removeTrack(held);
    remoteStream.addTrack(track);
    port.onHeard();
    port.emit("remoteTrack", { track, stream: remoteStream, removed: false });
    if (track.kind === "audio") return;
    stream?.addEventListener("removetrack", (event) => {
      if (event.track !== track || !remoteStream.getTracks().includes(track)) return;
      remoteStream.removeTrack(track);
      port.emit("remoteTrack", { track, stream: remoteStream, removed: true });
    });
  }

  async #sendVideo(track: MediaStreamTrack | undefined, label: "camera" | "screen"): Promise<void> {
    const { peerConnection, port } = this;
    const local = this.#local;
    if (!peerConnection || !local || !port.session?.isConfirmed) {
      track?.stop();
      throw new Error("the call is not answered");
    }
    if (track) port.quality.label(track, label);
    const isScreen = track !== undefined && label === "screen";
    const isOther = track !== undefined && isScreen !== this.#isScreen;
    this.#isScreen = isScreen;
    // A screen in place of the camera needs no negotiation; but the other side is told that it is one.
    if ((await local.send(peerConnection, "video", track, true)) || isOther) await this.#change(() => undefined);
  }
}

/** JsSIP makes the first description, {@link Negotiation} the others: both ask the connection. */
function prepared(peerConnection: RTCPeerConnection, prepare: NonNullable<CallOptions["prepare"]>): void {
  const ready = (made: "offer" | "answer") => prepare(peerConnection, made).catch((error: unknown) => console.error(error));
  const [createOffer, createAnswer] = [peerConnection.createOffer.bind(peerConnection), peerConnection.createAnswer.bind(peerConnection)];
  peerConnection.createOffer = (async (options?: RTCOfferOptions) => {
    await ready("offer");
    return createOffer(options);
  }) as RTCPeerConnection["createOffer"];
  peerConnection.createAnswer = (async (options?: RTCAnswerOptions) => {
    await ready("answer");
    return createAnswer(options);
  }) as RTCPeerConnection["createAnswer"];
}
