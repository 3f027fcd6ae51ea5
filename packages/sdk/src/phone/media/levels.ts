/** Levels of what is said and heard, 0 to 1. */

/** Time between two measurements. */
const INTERVAL_MS = 50;

export class Meter {
  readonly #context = new AudioContext();
  readonly #timer: ReturnType<typeof setInterval>;
  #source: { readonly track: MediaStreamTrack; readonly node: MediaStreamAudioSourceNode; readonly analyser: AnalyserNode } | undefined;

  constructor(
    private readonly of: () => { readonly input: MediaStreamTrack | undefined; readonly peerConnection: RTCPeerConnection | undefined },
    onLevels: (levels: { input: number; output: number }) => void,
  ) {
    this.#timer = setInterval(() => {
      const { input, peerConnection } = this.of();
      onLevels({ input: this.#inputLevel(input), output: peerConnection ? outputLevel(peerConnection) : 0 });
    }, INTERVAL_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    void this.#context.close();
  }

  #inputLevel(track: MediaStreamTrack | undefined): number {
    if (this.#source?.track !== track) {
      this.#source?.node.disconnect();
      this.#source = undefined;
      if (!track) return 0;
      const node = this.#context.createMediaStreamSource(new MediaStream([track]));
      const analyser = this.#context.createAnalyser();
      node.connect(analyser);
      this.#source = { track, node, analyser };
    }
    if (!this.#source) return 0;
    const samples = new Float32Array(this.#source.analyser.fftSize);
    this.#source.analyser.getFloatTimeDomainData(samples);
    return levelOf(samples);
  }
}

/** What the browser plays out, by its own account (W3C webrtc): WebAudio falls silent on a track that was held, in Chromium. */
function outputLevel(peerConnection: RTCPeerConnection): number {
  const receivers = peerConnection.getReceivers().filter(({ track }) => track.kind === "audio");
  const levels = receivers.flatMap((receiver) => receiver.getSynchronizationSources().map(({ audioLevel = 0 }) => audioLevel));
  const loudest = Math.max(0, ...levels);
  return scaled(loudest * loudest);
}

/** Root mean square of the samples, as {@link scaled}. */
export function levelOf(samples: Float32Array): number {
  return scaled(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length));
}

/** 0 at -60 dBFS and below, 1 at full scale. */
function scaled(power: number): number {
  return power === 0 ? 0 : Math.min(1, Math.max(0, 1 + (10 * Math.log10(power)) / 60));
}
