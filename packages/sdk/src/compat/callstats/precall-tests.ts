/** The pre-call tests of a session: when they run, and what is remembered of them in this browser. */

import { type TestResults, rank } from "./network.ts";
import { test } from "./precall.ts";

const INTERVAL_MIN_S = 30;
const INTERVAL_S = 60;
/** Results that a recommendation is made of, the last ones. */
const RANKED_MAX = 100;
const REMEMBERED_MAX = 50;

/** A server to test through, with the name that its results are told under. */
type Server = RTCIceServer & { readonly label?: string };

/** Whose tests these are. */
export interface Tester {
  readonly appId: number;
  /** The TURN servers that Sidetone gives the app; none where it gives none. */
  readonly servers: () => Promise<readonly RTCIceServer[]>;
  /** A test is over. */
  readonly tested: (results: TestResults, isManual: boolean) => void;
  /** Every server was tested once more. */
  readonly ranked: (recommendation: ReturnType<typeof rank>) => void;
  /** Tests that could not be made. */
  readonly failed: (error: unknown) => void;
}

export class PrecallTests {
  readonly #tester: Tester;
  #rounds: AbortController | undefined;

  constructor(tester: Tester) {
    this.#tester = tester;
  }

  /** Tests each server again and again, until it is stopped. */
  start(given: readonly Server[], intervalSeconds?: unknown): void {
    const seconds = Math.max(Number(intervalSeconds ?? INTERVAL_S) || INTERVAL_S, INTERVAL_MIN_S);
    this.stop();
    const { signal } = (this.#rounds = new AbortController());
    this.#run(async () => {
      const own = await this.#tester.servers();
      const results: TestResults[] = [];
      while (!signal.aborted) {
        for (const server of [...given, ...own.map((held) => ({ ...held, label: "callstats-pct" }))]) {
          if (signal.aborted) return;
          results.push(await this.#test([server], server.label ?? String(server.urls), false, signal));
        }
        if (results.length > 0) this.#tester.ranked(rank(results.slice(-RANKED_MAX)));
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      }
    });
  }

  stop(): void {
    this.#rounds?.abort();
    this.#rounds = undefined;
  }

  /** One test through all of the servers; without any, through those of Sidetone. */
  once(given: readonly RTCIceServer[] | undefined, provider: string, isManual: boolean): void {
    this.#run(async () => void (await this.#test(given ?? (await this.#tester.servers()), provider, isManual, new AbortController().signal)));
  }

  /** One test through the servers of Sidetone, if it has any. */
  first(provider: string): void {
    this.#run(async () => {
      const own = await this.#tester.servers();
      if (own.length > 0) await this.#test(own, provider, false, new AbortController().signal);
    });
  }

  /** The last results of this app in this browser; `null` when there are none. */
  results(): readonly TestResults[] | null {
    try {
      return JSON.parse(localStorage.getItem(this.#key()) ?? "null") as TestResults[] | null;
    } catch {
      return null;
    }
  }

  async #test(servers: readonly RTCIceServer[], provider: string, isManual: boolean, signal: AbortSignal): Promise<TestResults> {
    const results = await test(servers, provider, signal);
    try {
      const held = [...(this.results() ?? []), results].slice(-REMEMBERED_MAX);
      localStorage.setItem(this.#key(), JSON.stringify(held));
    } catch {
      // Private mode: the results are not remembered.
    }
    this.#tester.tested(results, isManual);
    return results;
  }

  #key(): string {
    return `sidetone.precall.${this.#tester.appId}`;
  }

  #run(tests: () => Promise<void>): void {
    tests().catch((error: unknown) => this.#tester.failed(error));
  }
}
