/** What a call sends: microphone, camera or screen, muted and held as it is told. */

import { CleanTrack } from "./noise.ts";

export class LocalMedia {
  /** What the page may show; our own stream, whose tracks come and go. */
  readonly stream: MediaStream;
  readonly muted = { audio: false, video: false };
  #isHeld = false;
  readonly #closing = new AbortController();
  /** Tracks that we captured are ours to stop; an app's own stay as they are. */
  readonly #ours = new Set<MediaStreamTrack>();
  /** What is sent in place of the microphone itself. */
  #clean: CleanTrack | undefined;
  /** What was asked for last, however long the browser takes. */
  #wantsClean = false;
  /** Directions of the transceivers before the hold. */
  readonly #before = new Map<RTCRtpTransceiver, RTCRtpTransceiverDirection>();

  /** `assetsUrl`: where the noise reduction is. */
  constructor(stream: MediaStream, isOurs: boolean, private readonly assetsUrl: string | undefined) {
    this.stream = new MediaStream(stream.getTracks());
    if (isOurs) for (const track of stream.getTracks()) this.#ours.add(track);
  }

  /** The microphone, where it is one that we captured. */
  get microphone(): MediaStreamTrack | undefined {
    const source = this.#clean?.source ?? this.stream.getAudioTracks()[0];
    return source && this.#ours.has(source) ? source : undefined;
  }

  mute(which: { readonly audio?: boolean; readonly video?: boolean }, isMuted: boolean): boolean {
    const before = { ...this.muted };
    if (which.audio) this.muted.audio = isMuted;
    if (which.video) this.muted.video = isMuted;
    this.apply();
    return before.audio !== this.muted.audio || before.video !== this.muted.video;
  }

  /** A track is silent while it is muted or the call is held. */
  apply(): void {
    for (const track of this.stream.getTracks()) {
      track.enabled = !this.#isHeld && !(track.kind === "audio" ? this.muted.audio : this.muted.video);
    }
  }

  /** Says in the next offer that we hear no more, or do again: RFC 3264 §8.4. */
  hold(peerConnection: RTCPeerConnection, isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.apply();
    for (const transceiver of peerConnection.getTransceivers()) {
      if (transceiver.currentDirection === "stopped") continue;
      if (isHeld) {
        this.#before.set(transceiver, transceiver.direction);
        transceiver.direction = transceiver.direction === "sendrecv" ? "sendonly" : transceiver.direction === "recvonly" ? "inactive" : transceiver.direction;
      } else {
        transceiver.direction = this.#before.get(transceiver) ?? transceiver.direction;
      }
    }
    if (!isHeld) this.#before.clear();
  }

  /** Sends another track of the kind in place of the one before, or none; tells whether it has to be negotiated. */
  async send(peerConnection: RTCPeerConnection, kind: "audio" | "video", track: MediaStreamTrack | undefined, isOurs: boolean): Promise<boolean> {
    // The browser may have taken longer to give it than the call lasted.
    if (this.#closing.signal.aborted) {
      if (isOurs) track?.stop();
      throw new Error("the call has ended");
    }
    const transceiver = peerConnection.getTransceivers().find(({ receiver, currentDirection }) => receiver.track.kind === kind && currentDirection !== "stopped");
    const isSending = transceiver?.direction === "sendrecv" || transceiver?.direction === "sendonly";
    if (track && isOurs) this.#ours.add(track);
    if (transceiver) await transceiver.sender.replaceTrack(track ?? null);
    const wasClean = kind === "audio" && this.#clean !== undefined;
    if (wasClean) this.#dropClean();
    for (const held of this.stream.getTracks().filter((held) => held.kind === kind && held !== track)) {
      this.stream.removeTrack(held);
      if (this.#ours.delete(held)) held.stop();
    }
    if (track) this.stream.addTrack(track);
    this.apply();
    if (track && kind === "audio" && this.#wantsClean) {
      const cleaned = this.reduceNoise(() => peerConnection, true).catch(() => undefined);
      // Where the browser has not begun with the one before, it may take as long for this one.
      if (wasClean) await cleaned;
    }
    if (!transceiver) {
      if (track) peerConnection.addTrack(track, this.stream);
      return track !== undefined;
    }
    if (track && !isSending) {
      transceiver.sender.setStreams?.(this.stream);
      transceiver.direction = transceiver.direction === "recvonly" ? "sendrecv" : "sendonly";
      return true;
    }
    if (!track && isSending) {
      transceiver.direction = transceiver.direction === "sendrecv" ? "recvonly" : "inactive";
      return true;
    }
    return false;
  }

  /** Takes the noise from the microphone, or no more; tells whether that is so now and was not before. */
  async reduceNoise(peerConnection: () => RTCPeerConnection | undefined, on: boolean): Promise<boolean> {
    this.#wantsClean = on;
    const [before] = this.stream.getAudioTracks();
    if (!before || on === (this.#clean !== undefined)) return false;
    const clean = on ? await CleanTrack.of(before, this.assetsUrl, this.#closing.signal).catch(() => undefined) : undefined;
    const after = on ? clean?.track : this.#clean?.source;
    const isOvertaken = this.#closing.signal.aborted || this.#wantsClean !== on || !this.stream.getTracks().includes(before);
    if (!after || isOvertaken) {
      clean?.close();
      return false;
    }
    const sender = peerConnection()?.getSenders().find(({ track }) => track === before);
    await sender?.replaceTrack(after);
    this.stream.removeTrack(before);
    this.stream.addTrack(after);
    // What is muted is muted behind the filter.
    before.enabled = true;
    if (!on) this.#clean?.close();
    this.#clean = clean;
    this.apply();
    return true;
  }

  #dropClean(): void {
    const { source, track } = this.#clean!;
    this.stream.removeTrack(track);
    if (this.#ours.delete(source)) source.stop();
    this.#clean?.close();
    this.#clean = undefined;
  }

  close(): void {
    this.#closing.abort();
    this.#clean?.close();
    for (const track of this.#ours) track.stop();
    this.#ours.clear();
  }
}

/** High priority on the network (DSCP, RFC 8837) for what is sent, where the browser can. */
export async function prioritise(peerConnection: RTCPeerConnection): Promise<void> {
  for (const sender of peerConnection.getSenders()) {
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings ?? []) {
      encoding.priority = "high";
      encoding.networkPriority = "high";
    }
    // Only wanted: a browser without it sends as before.
    if (parameters.encodings?.length) await sender.setParameters(parameters).catch(() => undefined);
  }
}
