/** The EventEmitter of Node.js, as far as an app can reach it: programs add, take away, count and raise events by these names. */

/**
 * What handles an event. Loose on purpose: a program that was written for Plivo's typings leaves its parameters without types.
 * {@link ClientEvents} has them.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Listener = (...values: any[]) => void;
type Name = string | symbol;

interface Held {
  readonly listener: Listener;
  readonly once: boolean;
}

/** Unlike Node's, a listener that throws stops neither the next one nor us: the page's `error` event tells of it. */
export class EventEmitter {
  readonly #listeners = new Map<Name, Held[]>();
  #maxListeners = 10;

  on(name: Name, listener: Listener): this {
    return this.#add(name, { listener, once: false }, "push");
  }

  once(name: Name, listener: Listener): this {
    return this.#add(name, { listener, once: true }, "push");
  }

  prependListener(name: Name, listener: Listener): this {
    return this.#add(name, { listener, once: false }, "unshift");
  }

  prependOnceListener(name: Name, listener: Listener): this {
    return this.#add(name, { listener, once: true }, "unshift");
  }

  addListener(name: Name, listener: Listener): this {
    return this.on(name, listener);
  }

  /** Takes away the newest of several equal ones. */
  off(name: Name, listener: Listener): this {
    const held = this.#listeners.get(name) ?? [];
    const last = held.map((of) => of.listener).lastIndexOf(listener);
    this.#set(
      name,
      held.filter((_, index) => index !== last),
    );
    return this;
  }

  removeListener(name: Name, listener: Listener): this {
    return this.off(name, listener);
  }

  removeAllListeners(name?: Name): this {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(name);
    return this;
  }

  /** Whether anybody listened. */
  emit(name: Name, ...values: unknown[]): boolean {
    const held = this.#listeners.get(name) ?? [];
    for (const { listener, once } of [...held]) {
      if (once) this.off(name, listener);
      try {
        listener.apply(this, values);
      } catch (error) {
        globalThis.reportError?.(error);
      }
    }
    return held.length > 0;
  }

  listeners(name: Name): Listener[] {
    return (this.#listeners.get(name) ?? []).map(({ listener }) => listener);
  }

  rawListeners(name: Name): Listener[] {
    return this.listeners(name);
  }

  listenerCount(name: Name): number {
    return this.listeners(name).length;
  }

  eventNames(): Name[] {
    return [...this.#listeners.keys()];
  }

  /** Kept and without effect: nothing warns here. */
  setMaxListeners(count: number): this {
    this.#maxListeners = count;
    return this;
  }

  getMaxListeners(): number {
    return this.#maxListeners;
  }

  #add(name: Name, held: Held, how: "push" | "unshift"): this {
    const all = [...(this.#listeners.get(name) ?? [])];
    all[how](held);
    this.#set(name, all);
    return this;
  }

  #set(name: Name, held: Held[]): void {
    if (held.length > 0) this.#listeners.set(name, held);
    else this.#listeners.delete(name);
  }
}
