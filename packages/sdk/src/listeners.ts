/** Listeners on the browser's objects, all of which can be taken away at once. */

export class Listeners {
  #undo: (() => void)[] = [];

  /** `guard` runs the listener such that its faults reach nobody. */
  constructor(private readonly guard: (work: () => void) => void) {}

  add(target: EventTarget | null | undefined, name: string, listener: (event: Event) => void): void {
    if (!target) return;
    const guarded = (event: Event) => this.guard(() => listener(event));
    target.addEventListener(name, guarded);
    this.#undo.push(() => target.removeEventListener(name, guarded));
  }

  clear(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
}
