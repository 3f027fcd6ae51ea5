/** What the client plays: tone scripts, and the ringback tone of a country. */

import { reasonOf } from "./outcome.ts";
import { render, RINGBACK, soundOf } from "./tone-script.ts";

export interface PlaybackEvents {
  onFinished(): void;
  onError(message: string): void;
}

export class Playback {
  #element: HTMLAudioElement | undefined;
  #isProgressTone = false;

  constructor(private readonly events: PlaybackEvents) {}

  /** Plays a tone script (`tone-script.ts`) in place of what is played; without `loop` one time, unless the script has no end. Throws a `SyntaxError` for what is none. */
  play(script: string, loop: boolean): void {
    this.stop();
    const tone = render(script);
    const element = new Audio(soundOf(tone));
    this.#element = element;
    element.loop = loop || tone.isEndless;
    element.addEventListener("ended", () => this.events.onFinished());
    element.play().catch((error: unknown) => this.#element === element && this.events.onError(reasonOf(error)));
  }

  stop(): void {
    this.#element?.pause();
    this.#element = undefined;
    this.#isProgressTone = false;
  }

  /** Plays the ringback tone of a country, that of the United States unless told otherwise. */
  playProgressTone(country = ""): void {
    if (this.#isProgressTone) return;
    this.play(RINGBACK[country] ?? RINGBACK["US"]!, false);
    this.#isProgressTone = true;
  }

  stopProgressTone(): void {
    if (this.#isProgressTone) this.stop();
  }
}
