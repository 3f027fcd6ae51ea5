/** How bad a quality issue is, and when a judgement is believed. */

/** `NONE`: the issue is over. */
export type Level = "NONE" | "MINOR" | "MAJOR" | "CRITICAL";

const ORDER: readonly Level[] = ["NONE", "MINOR", "MAJOR", "CRITICAL"];

/** Judgements that decide together: with one a second, about the 2.5 s that voximplant-websdk looks at. */
export const WINDOW = 3;
const MAJORITY = 2;

/** The level of a value that is worse the higher it is; `reaches` says how a threshold is met. */
export function levelAbove(value: number, [minor, major, critical]: readonly [number, number, number], reaches: (value: number, threshold: number) => boolean): Level {
  return reaches(value, critical) ? "CRITICAL" : reaches(value, major) ? "MAJOR" : reaches(value, minor) ? "MINOR" : "NONE";
}

/** A level that a single judgement does not change: it rises when most of the window say so, and falls when all of them do. */
export class Steady {
  #level: Level = "NONE";
  #window: number[] = [];

  get level(): Level {
    return this.#level;
  }

  /** The new level, if this judgement changes it. */
  judge(level: Level): Level | undefined {
    this.#window = [...this.#window, ORDER.indexOf(level)].slice(-WINDOW);
    if (this.#window.length < MAJORITY) return undefined;
    const ordered = [...this.#window].sort((one, other) => other - one);
    const most = ordered[MAJORITY - 1] ?? 0;
    const worst = ordered[0] ?? 0;
    const current = ORDER.indexOf(this.#level);
    if (most > current) return this.#become(most);
    if (this.#window.length === WINDOW && worst < current) return this.#become(worst);
    return undefined;
  }

  /** Forgets what was judged; tells whether an issue was open. */
  reset(): boolean {
    const wasOpen = this.#level !== "NONE";
    this.#level = "NONE";
    this.#window = [];
    return wasOpen;
  }

  #become(index: number): Level {
    return (this.#level = ORDER[index] ?? "NONE");
  }
}
