/** Tells speech from silence by the level of what is played. */

/** 0 to 1; between the two nothing changes. */
const SPEECH = 0.02;
const SILENCE = 0.01;
/** So long it must be silent; pauses between words are shorter. */
const PAUSE_MS = 600;

export class Voice {
  #isSpeaking = false;
  #silentSinceMs: number | undefined;

  /** Takes a level; tells whether speech starts or ends with it. */
  hear(level: number, nowMs: number): "start" | "end" | undefined {
    if (level > SILENCE) this.#silentSinceMs = undefined;
    else this.#silentSinceMs ??= nowMs;
    if (!this.#isSpeaking && level >= SPEECH) return this.#become(true);
    if (this.#isSpeaking && this.#silentSinceMs !== undefined && nowMs - this.#silentSinceMs >= PAUSE_MS) return this.#become(false);
    return undefined;
  }

  #become(isSpeaking: boolean): "start" | "end" {
    this.#isSpeaking = isSpeaking;
    return isSpeaking ? "start" : "end";
  }
}
