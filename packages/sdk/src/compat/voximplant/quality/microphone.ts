/** Whether what is sent is digital silence, by listening to it: for Firefox, whose reports do not tell the level of a microphone. */

/** Root mean square below which there is silence: the last of 16 bits. Firefox's echo canceller makes comfort noise of −94 dB of full scale out of zeros. */
const SILENCE_RMS = 1 / 32_768;
/** The last 0.7 s at 48 kHz. */
const SAMPLES = 32_768;

export class Microphone {
  #context: AudioContext | undefined;
  #heard: { readonly track: MediaStreamTrack; readonly node: MediaStreamAudioSourceNode; readonly analyser: AnalyserNode } | undefined;

  /** Of a track that was listened to before; `undefined` where nothing is known yet, or the browser does not let us listen. */
  isSilent(track: MediaStreamTrack | undefined): boolean | undefined {
    if (this.#heard?.track !== track) {
      this.#listen(track);
      return undefined;
    }
    if (!this.#heard || this.#context?.state !== "running") return undefined;
    const samples = new Float32Array(SAMPLES);
    this.#heard.analyser.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / SAMPLES) < SILENCE_RMS;
  }

  close(): void {
    this.#listen(undefined);
    void this.#context?.close();
    this.#context = undefined;
  }

  #listen(track: MediaStreamTrack | undefined): void {
    this.#heard?.node.disconnect();
    this.#heard = undefined;
    if (!track) return;
    this.#context ??= new AudioContext();
    const node = this.#context.createMediaStreamSource(new MediaStream([track]));
    const analyser = new AnalyserNode(this.#context, { fftSize: SAMPLES });
    node.connect(analyser);
    this.#heard = { track, node, analyser };
  }
}
