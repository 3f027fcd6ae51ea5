/** The `volume` event: how loud microphone and loudspeaker are, for every picture that the browser draws. */

/** 0 to 1 with 3 decimals, as text: so Plivo's SDK gives them. */
export interface Volume {
  inputVolume: string;
  outputVolume: string;
}

const FFT_SIZE = 128;

/** Meters the two streams, as soon as there are any; the answer ends it. */
export function meter(streams: { readonly input: () => MediaStream | undefined; readonly output: () => MediaStream | undefined }, tell: (volume: Volume) => void): () => void {
  const context = new AudioContext();
  const sides = [streams.input, streams.output].map((stream) => new Side(context, stream));
  let frame = 0;
  const draw = () => {
    const [inputVolume = "", outputVolume = ""] = sides.map((side) => side.volume().toFixed(3));
    tell({ inputVolume, outputVolume });
    frame = requestAnimationFrame(draw);
  };
  frame = requestAnimationFrame(draw);
  return () => {
    cancelAnimationFrame(frame);
    void context.close();
  };
}

/** One stream; its tracks may be replaced. */
class Side {
  readonly #analyser: AnalyserNode;
  readonly #bins: Uint8Array<ArrayBuffer>;
  #track: MediaStreamTrack | undefined;
  #source: MediaStreamAudioSourceNode | undefined;

  constructor(
    private readonly context: AudioContext,
    private readonly stream: () => MediaStream | undefined,
  ) {
    this.#analyser = new AnalyserNode(context, { fftSize: FFT_SIZE, minDecibels: -100, maxDecibels: -30 });
    this.#bins = new Uint8Array(this.#analyser.frequencyBinCount);
  }

  /** Mean of the frequencies' loudness, 0 to 1. */
  volume(): number {
    const track = this.stream()?.getAudioTracks()[0];
    if (track !== this.#track) {
      this.#source?.disconnect();
      this.#source = track && this.context.createMediaStreamSource(new MediaStream([track]));
      this.#source?.connect(this.#analyser);
      this.#track = track;
    }
    if (!track) return 0;
    this.#analyser.getByteFrequencyData(this.#bins);
    return this.#bins.reduce((sum, bin) => sum + bin, 0) / this.#bins.length / 255;
  }
}
