/** What went wrong is told once, and never thrown into the page. */

import type { Events, FailureCode } from "./api.ts";
import type { Emitter } from "./emitter.ts";

export class Failures {
  readonly #told = new Set<FailureCode>();

  constructor(private readonly emitter: Emitter<Events>) {}

  /** Tells it, if it was not told before: to the page's listeners, or on the console where there are none. */
  tell(code: FailureCode, message: string): void {
    if (this.#told.has(code)) return;
    this.#told.add(code);
    // The page adds its listeners after it has made the client.
    queueMicrotask(() => {
      if (this.emitter.has("error")) this.emitter.emit("error", { code, message });
      else console.warn(`sidetone: ${message} (${code})`);
    });
  }

  /** Runs work of ours such that its faults stay ours, those of a promise that it gives too. */
  guard<T>(work: () => T): T | undefined {
    try {
      const result = work();
      return result instanceof Promise ? (result.catch((error) => this.#internal(error)) as T) : result;
    } catch (error) {
      this.#internal(error);
      return undefined;
    }
  }

  #internal(error: unknown): void {
    this.tell("internal", `a fault within Sidetone's library, which the page does not notice: ${(error as Error)?.stack ?? error}`);
  }
}
