/** Runs in the AudioWorklet: one block of 128 samples in, one out, through the module that the page compiled. */

import "./worklet-scope.ts";
import { Denoiser, initSync } from "../../../generated/denoise.js";

// What an AudioWorkletGlobalScope has (Web Audio API §1.32) and the typings of pages do not.
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new (options: { processorOptions: { module: WebAssembly.Module } }) => AudioWorkletProcessor): void;

class DenoiseProcessor extends AudioWorkletProcessor {
  readonly #denoiser: Denoiser;

  constructor({ processorOptions: { module } }: { processorOptions: { module: WebAssembly.Module } }) {
    super();
    initSync({ module });
    this.#denoiser = new Denoiser();
  }

  process(inputs: readonly (readonly Float32Array[])[], outputs: readonly (readonly Float32Array[])[]): boolean {
    const [input, output] = [inputs[0]?.[0], outputs[0]?.[0]];
    // Without input the microphone is silent, and what is still in the buffer comes out.
    if (input) output?.set(input);
    if (output) this.#denoiser.process(output);
    return true;
  }
}

registerProcessor("sidetone-denoise", DenoiseProcessor);
