/** Work that is done in the order in which it was asked for. */

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Begins when what was asked for before is done, or has failed. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
