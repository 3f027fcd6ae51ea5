/** What a client has wrapped of the page's functions, each by one client alone. */

import type { ObserveOptions } from "./api.ts";
import { wrapConnections, wrapDevices } from "./collect/wrap.ts";
import type { Failures } from "./failures.ts";
import * as registry from "./registry.ts";

/** Puts functions of the page back. */
interface Wrapped {
  stop(): void;
}

export class Wrapping {
  readonly #undo = new Set<() => void>();

  constructor(
    private readonly failures: Failures,
    private readonly host: {
      observe(peerConnection: RTCPeerConnection, options: ObserveOptions): void;
      record(kind: string, payload: object): void;
    },
  ) {}

  /** Every connection that is made from now on, and how devices are opened. */
  all(choose: ((peerConnection: RTCPeerConnection) => ObserveOptions | boolean) | undefined): Wrapped | undefined {
    const connections = this.#wrap("observesAll", "the connections of this page are observed already, by another client or copy of the library", (guard) =>
      wrapConnections((peerConnection) => {
        const chosen = choose ? choose(peerConnection) : true;
        if (chosen) this.host.observe(peerConnection, chosen === true ? {} : chosen);
      }, guard),
    );
    if (!connections) return undefined;
    const devices = this.devices();
    return {
      stop: () => {
        connections.stop();
        devices?.stop();
      },
    };
  }

  /** How devices are opened; `refusal` is told where somebody tells that already. */
  devices(refusal?: string): Wrapped | undefined {
    return this.#wrap("observesDevices", refusal, (guard) => wrapDevices((kind, payload) => this.host.record(kind, payload), guard));
  }

  /** Puts everything back. */
  clear(): void {
    for (const undo of this.#undo) this.failures.guard(undo);
  }

  #wrap(what: Parameters<typeof registry.takePage>[0], refusal: string | undefined, wrap: (guard: (work: () => void) => void) => () => void): Wrapped | undefined {
    if (!registry.takePage(what)) {
      if (refusal) this.failures.tell("already_observed", refusal);
      return undefined;
    }
    let unwrap: () => void;
    try {
      unwrap = wrap((work) => this.failures.guard(work));
    } catch (error) {
      registry.giveBackPage(what);
      this.failures.tell("not_observable", `the page keeps its functions from being wrapped, so name each connection by \`observe\`: ${error}`);
      return undefined;
    }
    const undo = () => {
      if (!this.#undo.delete(undo)) return;
      unwrap();
      registry.giveBackPage(what);
    };
    this.#undo.add(undo);
    return { stop: () => void this.failures.guard(undo) };
  }
}
