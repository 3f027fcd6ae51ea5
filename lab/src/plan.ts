/** Which conditions are recorded: drawn at random from what networks and codecs do, not taken from a grid. */

import type { Condition, Impairment } from "./condition.ts";
import { type Random, seeded } from "./random.ts";

/** `weight` of all draws make this. */
interface Choice<Value> {
  readonly weight: number;
  draw(random: Random): Value;
}

const CODECS: readonly Choice<Pick<Condition, "codec" | "bitrate_kbps" | "fec">>[] = [
  { weight: 45, draw: () => ({ codec: "opus" }) },
  { weight: 22, draw: (random) => ({ codec: "opus", bitrate_kbps: of(random, [8, 10, 12, 14, 16, 20, 24, 40, 64, 96]) }) },
  { weight: 10, draw: () => ({ codec: "opus", fec: 0 }) },
  { weight: 10, draw: () => ({ codec: "red" }) },
  { weight: 7, draw: () => ({ codec: "pcmu" }) },
  { weight: 6, draw: () => ({ codec: "g722" }) },
];

const PATHS: readonly Choice<Impairment>[] = [
  { weight: 10, draw: () => ({}) },
  { weight: 26, draw: (random) => loss(random, 0.5, 30) },
  { weight: 24, draw: (random) => ({ ...loss(random, 1, 20), burst_packets: of(random, [2, 3, 4, 6, 8, 12]) }) },
  { weight: 8, draw: (random) => ({ jitter_ms: between(random, 10, 120) }) },
  { weight: 8, draw: (random) => ({ jitter_ms: between(random, 5, 60), reorder: 1 }) },
  { weight: 8, draw: (random) => ({ ...loss(random, 1, 15), jitter_ms: between(random, 5, 60) }) },
  { weight: 8, draw: (random) => ({ rate_kbps: between(random, 22, 60), queue_ms: of(random, [100, 200, 400]) }) },
  { weight: 5, draw: (random) => ({ stall_every_ms: of(random, [1700, 2300, 3100]), stall_ms: between(random, 100, 700) }) },
  { weight: 3, draw: (random) => ({ outage_every_ms: of(random, [2900, 4100]), outage_ms: between(random, 60, 900) }) },
];

/** So many conditions, the same for the same seed. */
export function plan(seed: number, count: number): Condition[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => {
    const codec = choose(random, CODECS);
    return { ...codec, ...choose(random, PATHS), delay_ms: of(random, [10, 20, 40, 80, 150]) };
  });
}

function choose<Value>(random: Random, choices: readonly Choice<Value>[]): Value {
  let at = random() * choices.reduce((sum, { weight }) => sum + weight, 0);
  const chosen = choices.find(({ weight }) => (at -= weight) < 0) ?? choices[0]!;
  return chosen.draw(random);
}

/** Small losses are as frequent as large ones: the logarithm is uniform. */
function loss(random: Random, least: number, most: number): Impairment {
  return { loss_percent: Number((least * (most / least) ** random()).toPrecision(2)) };
}

function between(random: Random, least: number, most: number): number {
  return Math.round(least + (most - least) * random());
}

function of<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)]!;
}
