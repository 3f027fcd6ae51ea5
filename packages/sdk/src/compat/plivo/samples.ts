/** One sample every 5 s, made of the engine's values of each report. */

import type { Tick, Values } from "../../api.ts";
import { mos } from "./mos.ts";

export const SAMPLE_MS = 5000;

/** What is not known is absent. Local: what we send; remote: what we receive. */
export interface Sample {
  readonly rttMs?: number;
  readonly jitterLocalMs?: number;
  readonly jitterRemoteMs?: number;
  readonly lossLocal?: number;
  readonly lossRemote?: number;
  /** Of the worse direction. */
  readonly mos?: number;
  /** dB of full scale, -100 for nothing at all; absent while muted. */
  readonly levelLocalDb?: number;
  readonly levelRemoteDb?: number;
}

/** dB of full scale of a level from 0 to 1. */
export function decibels(level: number): number {
  return level > 0 ? Math.max(-100, Math.round(200 * Math.log10(level)) / 10) : -100;
}

const thousandths = (value: number) => Math.round(value * 1000) / 1000;
const defined = (values: readonly (number | undefined)[]): number[] => values.filter((value) => value !== undefined);

/** Of one direction. */
function direction(ticks: readonly Tick[], which: "inbound" | "outbound"): Values[] {
  return ticks.map(({ streams }) => streams.find(({ stream }) => stream.direction === which && stream.kind === "audio")?.values ?? {});
}

/** Loss of the whole sample: that of each report, by how many packets it was to bring. */
function loss(values: readonly Values[]): number | undefined {
  const known = values.filter((of) => of["loss_ratio"] !== undefined);
  if (known.length === 0) return undefined;
  const weights = known.map((of) => {
    const ratio = of["loss_ratio"] as number;
    return ratio < 1 ? (of["packet_rate_pps"] ?? 1) / (1 - ratio) : 1;
  });
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const lost = known.reduce((sum, of, index) => sum + (of["loss_ratio"] as number) * (weights[index] as number), 0);
  return all > 0 ? thousandths(lost / all) : 0;
}

/** Loudest of the sample. */
function level(values: readonly Values[]): number | undefined {
  const levels = defined(values.map((of) => of["audio_level"]));
  return levels.length > 0 ? decibels(Math.max(...levels)) : undefined;
}

/** The sample of the reports of some 5 s. */
export function sampleOf(ticks: readonly Tick[], about: { readonly isOpus: boolean; readonly isMuted: boolean }): Sample {
  const sent = direction(ticks, "outbound");
  const received = direction(ticks, "inbound");
  const latest = (values: readonly Values[], name: string) => defined(values.map((of) => of[name])).at(-1);
  const rttMs = latest(sent, "rtt_ms") ?? latest(ticks.map(({ connection }) => connection), "rtt_ms");
  const sides = [sent, received].map((values) => ({ jitterMs: latest(values, "jitter_ms"), lossRatio: loss(values) }));
  const scores = sides.map(({ jitterMs, lossRatio }) => {
    return rttMs && jitterMs !== undefined && lossRatio !== undefined ? mos({ rttMs, jitterMs, lossRatio }, about.isOpus) : undefined;
  });
  const known = defined(scores);
  return present({
    rttMs,
    jitterLocalMs: sides[0]?.jitterMs,
    jitterRemoteMs: sides[1]?.jitterMs,
    lossLocal: sides[0]?.lossRatio,
    lossRemote: sides[1]?.lossRatio,
    mos: known.length > 0 ? Math.min(...known) : undefined,
    levelLocalDb: about.isMuted ? undefined : level(sent),
    levelRemoteDb: level(received),
  });
}

function present(sample: { readonly [Name in keyof Sample]: Sample[Name] | undefined }): Sample {
  return Object.fromEntries(Object.entries(sample).filter(([, value]) => value !== undefined));
}
