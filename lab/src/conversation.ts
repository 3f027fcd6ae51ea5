/** Who speaks when in a trial, and how much the rooms hiss. */

import type { Turn } from "../page/microphone.ts";
import { seeded } from "./random.ts";
import { PARTIES, type Trial } from "./trial.ts";

/** Seconds of talk that are planned: longer than a trial and what goes before it, but for those of a clock that drifts, which need none. */
const PLANNED_S = 90;

/** The turns and the noise of each party, dB of full scale. */
export function conversation(trial: Trial): { turns: Turn[][]; hisses: number[] } {
  const random = seeded(trial.seed ^ 0x5eed);
  const turns: Turn[][] = PARTIES.map(() => []);
  const isListener = (place: number) => ["long_silence", "dtx"].includes(trial.fault) && PARTIES[place] === trial.whose;
  for (let second = 0.5, place = 0; second < PLANNED_S; place = (place + 1) % trial.parties) {
    // Who only listens says a word now and then, with DTX, or none at all.
    const length_s = isListener(place) ? 1 : 2.5 + 5 * random();
    if (!isListener(place) || trial.fault === "dtx") turns[place]!.push([second, second + length_s]);
    second += length_s + 0.2 + 0.8 * random();
    if (isListener(place)) second += 2;
  }
  const hisses = PARTIES.map(() => -74 + 16 * random());
  return { turns, hisses };
}
