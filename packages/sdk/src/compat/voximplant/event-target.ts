/** How handlers are registered and called; by the rules of voximplant-websdk, which differ from the DOM's. */

export interface EventListenerOption {
  /** Called one time. */
  readonly once?: boolean;
  /** Called before those that are registered already. */
  readonly capture?: boolean;
}

type Handler = (event: never) => unknown;

interface Listener {
  readonly handler: Handler;
  readonly once: boolean;
  readonly isDefault: boolean;
}

/**
 * Handlers are called in the order of their registration. One that returns exactly `false` keeps the later ones from being called; one
 * that throws is written to the console and harms nobody. Default handlers are called only while the page has none of its own.
 */
export abstract class EventTarget<EventType> {
  readonly #listeners = new Map<string, readonly Listener[]>();

  on(event: EventType, handler: (ev: any) => void, options?: EventListenerOption): void {
    this.#add(event, { handler, once: options?.once === true, isDefault: false }, options?.capture === true);
  }

  /** Without a handler: takes away all that the page registered for the event. */
  off(event: EventType, handler?: (ev: any) => void): void {
    const listeners = this.#of(event);
    const first = listeners.findIndex((held) => !held.isDefault && held.handler === handler);
    const kept = listeners.filter((held, index) => (handler ? index !== first : held.isDefault));
    this.#listeners.set(String(event), kept);
  }

  /** @deprecated Use {@link on}. */
  addEventListener(event: EventType, handler: (ev: any) => void, options?: EventListenerOption): void {
    this.on(event, handler, options);
  }

  /** @deprecated Use {@link off}. */
  removeEventListener(event: EventType, handler?: (ev: any) => void): void {
    this.off(event, handler);
  }

  /** Called while the page has no handler of the event. */
  addDefaultEventListener(event: EventType, handler: (ev: any) => void): void {
    this.#add(event, { handler, once: false, isDefault: true }, false);
  }

  removeDefaultEventListener(event: EventType): void {
    this.#listeners.set(
      String(event),
      this.#of(event).filter((held) => !held.isDefault),
    );
  }

  /** Whether the page has a handler of the event. @internal */
  listens(event: EventType): boolean {
    return this.#of(event).some((held) => !held.isDefault);
  }

  dispatchEvent(event: { readonly name: EventType; readonly [member: string]: unknown }): void {
    const isHeard = this.listens(event.name);
    for (const listener of this.#of(event.name)) {
      // Taken away by a handler before it.
      if ((listener.isDefault && isHeard) || !this.#of(event.name).includes(listener)) continue;
      if (listener.once) this.#remove(event.name, listener);
      try {
        if (listener.handler(event as never) === false) return;
      } catch (error) {
        console.error(error);
      }
    }
  }

  #add(event: EventType, listener: Listener, isFirst: boolean): void {
    if (typeof listener.handler !== "function") return console.error(new TypeError(`no function: the handler of ${String(event)}`));
    const listeners = this.#of(event);
    this.#listeners.set(String(event), isFirst ? [listener, ...listeners] : [...listeners, listener]);
  }

  #remove(event: EventType, listener: Listener): void {
    this.#listeners.set(
      String(event),
      this.#of(event).filter((held) => held !== listener),
    );
  }

  /** Never changed, always replaced: a walk through it is not disturbed. */
  #of(event: EventType): readonly Listener[] {
    return this.#listeners.get(String(event)) ?? [];
  }
}
