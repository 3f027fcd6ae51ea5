/** What the glue of a WebAssembly module expects at its start and an AudioWorklet does not have; it is there to read the words of an exception, and ours throws none. */

(globalThis as { TextDecoder?: unknown }).TextDecoder ??= class {
  decode(): string {
    return "";
  }
};
