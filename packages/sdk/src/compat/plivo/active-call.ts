/** What goes on beside the current call: its metrics, its meters, whether somebody speaks into the muted microphone, the noise taken away. */

import type { CallSession } from "./call-session.ts";
import { Metrics } from "./metrics.ts";
import type { Settings } from "./options.ts";
import { onSpeech } from "./speech.ts";
import { meter } from "./volume.ts";

export interface ActiveCallHost {
  emit(name: string, value: unknown): void;
  hasListeners(name: string): boolean;
  readonly settings: Settings;
  isReducingNoise(): boolean;
}

export class ActiveCall {
  readonly #undo: (() => void)[] = [];
  readonly #metrics: Metrics | undefined;
  #stopSpeech: (() => void) | undefined;
  #isConfirmed = false;
  #isMetered = false;

  constructor(
    readonly session: CallSession,
    private readonly host: ActiveCallHost,
  ) {
    const { settings } = host;
    const call = session.session;
    if (settings.tracking.local) {
      const metrics = new Metrics(settings.rules, settings.detectsLostMicrophone, {
        emit: (metric) => host.emit("mediaMetrics", metric),
        isOpus: () => isOpus(call.peerConnection),
        isMuted: () => call.isMuted.audio,
      });
      this.#metrics = metrics;
      this.#undo.push(
        call.on("iceState", ({ state }) => metrics.iceState(state)),
        call.on("gatheringTimeout", ({ afterMs }) => metrics.gatheringTimeout(afterMs)),
        call.on("mute", () => this.#watchSpeech()),
      );
    }
  }

  /** It was answered: from now on it is measured. */
  confirmed(): void {
    const call = this.session.session;
    const metrics = this.#metrics;
    if (metrics) this.#undo.push(call.on("tick", (tick) => metrics.tick(tick)));
    // What was asked for before this call holds for it, too; from here on there is a sender whose track can be replaced.
    if (this.host.isReducingNoise()) void call.setNoiseReduction(true).catch(() => undefined);
    this.#watchSpeech();
    this.#isConfirmed = true;
    if (this.host.hasListeners("volume")) this.meter();
  }

  /** Somebody listens to the volume; it is told while the call is up. */
  meter(): void {
    if (!this.#isConfirmed || this.#isMetered) return;
    this.#isMetered = true;
    const call = this.session.session;
    const streams = { input: () => call.localStream, output: () => call.remoteStream };
    this.#undo.push(meter(streams, (volume) => this.host.emit("volume", volume)));
  }

  stop(): void {
    this.#stopSpeech?.();
    for (const undo of this.#undo.splice(0)) undo();
  }

  /** While it is muted, once each time. */
  #watchSpeech(): void {
    this.#stopSpeech?.();
    this.#stopSpeech = undefined;
    const call = this.session.session;
    const [track] = call.localStream?.getAudioTracks() ?? [];
    if (!this.#metrics || !call.isMuted.audio || !track || this.session.state !== "answered") return;
    this.#stopSpeech = onSpeech(track, () => this.#metrics?.speech());
  }
}

/** Whether what is sent is Opus; known once the call is up. */
function isOpus(peerConnection: RTCPeerConnection | undefined): boolean {
  const [codec] = peerConnection?.getSenders().find(({ track }) => track?.kind === "audio")?.getParameters().codecs ?? [];
  return codec?.mimeType.toLowerCase() === "audio/opus";
}
