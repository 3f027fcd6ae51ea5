/**
 * Speech into a microphone that the app has muted. `getStats()` cannot tell: a disabled track is silent there. A stats object of our own says
 * it, in the manner of the W3C's counters; the engine reads it (`crates/engine/src/series/muted.rs`).
 */

import { listen, LOOK_MS } from "./speech.ts";

/** What is added to a report. */
export interface MutedCounters {
  readonly id: string;
  readonly type: "muted-microphone";
  readonly timestamp: number;
  readonly kind: "audio";
  readonly trackIdentifier: string;
  /** Seconds listened since it was muted, and those of them with speech. */
  readonly observedDuration: number;
  readonly speechDuration: number;
}

export class MutedSpeech {
  #track: MediaStreamTrack | undefined;
  #stop: (() => void) | undefined;
  #looks = 0;
  #loud = 0;

  constructor(private readonly listenTo: typeof listen = listen) {}

  /** The tracks that are sent now: the first microphone that is muted is listened to, for as long as it is. */
  look(tracks: readonly MediaStreamTrack[]): void {
    const muted = tracks.find(({ kind, enabled, readyState }) => kind === "audio" && !enabled && readyState === "live");
    if (muted === this.#track) return;
    this.stop();
    if (!muted) return;
    this.#track = muted;
    this.#stop = this.listenTo(muted, (isSpeech) => {
      this.#looks++;
      if (isSpeech) this.#loud++;
    });
  }

  /** What was heard so far; nothing while nothing is muted. */
  counters(timeMs: number): MutedCounters | undefined {
    if (!this.#track) return undefined;
    const seconds = (looks: number) => (looks * LOOK_MS) / 1000;
    return {
      id: `sidetone-muted-${this.#track.id}`,
      type: "muted-microphone",
      timestamp: timeMs,
      kind: "audio",
      trackIdentifier: this.#track.id,
      observedDuration: seconds(this.#looks),
      speechDuration: seconds(this.#loud),
    };
  }

  stop(): void {
    this.#stop?.();
    this.#stop = this.#track = undefined;
    this.#looks = this.#loud = 0;
  }
}
