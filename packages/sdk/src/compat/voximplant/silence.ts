/** A microphone that gives nothing, for those who only watch. */

export class Silence {
  readonly #context = new AudioContext();
  readonly stream = this.#context.createMediaStreamDestination().stream;

  close(): void {
    void this.#context.close();
  }
}
