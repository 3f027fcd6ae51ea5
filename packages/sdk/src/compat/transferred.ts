/** A call that the other side transfers (REFER): to the page it stays one call, whoever is at its other end. */

import type { Call } from "../phone/api.ts";

export class Transferred {
  #next: Call | undefined;

  /** `goOn`: from here on the page's call is this one. */
  constructor(private readonly goOn: (next: Call) => void) {}

  /** The phone calls the one whom they send us to. */
  referred(next: Call): void {
    this.#next = next;
    next.on("confirmed", () => this.#next === next && this.goesOn());
    next.on("ended", () => {
      if (this.#next === next) this.#next = undefined;
    });
  }

  /** The call with who sent us there is over, and has become the one to where we were sent; if there is one. */
  goesOn(): boolean {
    const next = this.#next;
    this.#next = undefined;
    if (next) this.goOn(next);
    return next !== undefined;
  }

  /** The page wants neither. */
  hangUp(): void {
    this.#next?.hangUp();
    this.#next = undefined;
  }
}
