/** Noise reduction: a microphone's track goes through RNNoise in an AudioWorklet, and comes out as another track. */

/** The network was trained at this rate; the browser converts. */
const SAMPLE_RATE_HZ = 48_000;
/** As `denoise-worklet.ts` registers it. */
const PROCESSOR = "sidetone-denoise";

/** Where this script came from. */
const SCRIPT_URL = (globalThis.document?.currentScript as HTMLScriptElement | null | undefined)?.src || import.meta.url;

/** Compiled once for all calls of the page. */
let compiled: Promise<WebAssembly.Module> | undefined;

const locate = (name: string, assetsUrl: string | undefined) => new URL(name, assetsUrl ?? SCRIPT_URL).href;

/** Loads the network, once for the page, and ahead of a call where one wants. Rejects where it cannot be had. */
export async function compile(assetsUrl: string | undefined): Promise<WebAssembly.Module> {
  compiled ??= fetch(locate("denoise.wasm", assetsUrl)).then((response) => WebAssembly.compileStreaming(response));
  try {
    return await compiled;
  } catch (error) {
    compiled = undefined;
    throw error;
  }
}

/** Resolves when sound is made. A page that nobody has touched yet may have to wait for that, and must ask again then; rejects where it is not wanted any more. */
async function running(context: AudioContext, signal: AbortSignal): Promise<void> {
  const waiting = new AbortController();
  const unwanted = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { signal: waiting.signal }));
  for (const touch of ["pointerup", "keydown"]) addEventListener(touch, () => void context.resume(), { signal: waiting.signal });
  try {
    signal.throwIfAborted();
    await Promise.race([context.resume(), unwanted]);
  } finally {
    waiting.abort();
  }
}

/** A track without noise. The one that it was made from goes on, and stays its owner's to stop. */
export class CleanTrack {
  private constructor(
    readonly source: MediaStreamTrack,
    readonly track: MediaStreamTrack,
    private readonly context: AudioContext,
  ) {}

  /** Rejects where the browser has no AudioWorklet, or a Content-Security-Policy forbids it or WebAssembly. */
  static async of(source: MediaStreamTrack, assetsUrl: string | undefined, signal: AbortSignal): Promise<CleanTrack> {
    const module = await compile(assetsUrl);
    signal.throwIfAborted();
    const context = new AudioContext({ sampleRate: SAMPLE_RATE_HZ });
    try {
      await context.audioWorklet.addModule(locate("denoise-worklet.js", assetsUrl));
      const node = new AudioWorkletNode(context, PROCESSOR, { numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1], processorOptions: { module } });
      const destination = context.createMediaStreamDestination();
      context.createMediaStreamSource(new MediaStream([source])).connect(node).connect(destination);
      await running(context, signal);
      return new CleanTrack(source, destination.stream.getAudioTracks()[0]!, context);
    } catch (error) {
      await context.close();
      throw error;
    }
  }

  close(): void {
    this.track.stop();
    void this.context.close();
  }
}
