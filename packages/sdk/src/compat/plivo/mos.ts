/** Plivo's opinion score: a simplified E-model over round trip, jitter and loss. Sidetone's own scores are in the engine. */

export interface Conditions {
  readonly rttMs: number;
  readonly jitterMs: number;
  /** 0 to 1. */
  readonly lossRatio: number;
}

/** R factor of an undisturbed call, by codec. */
const R0_OPUS = 95;
const R0_OTHER = 93.2;

/** 1 to 4.5, 3 decimals. */
export function mos({ rttMs, jitterMs, lossRatio }: Conditions, isOpus: boolean): number {
  const latency = rttMs + 2 * jitterMs + 10;
  const delay = latency < 160 ? latency / 40 : (latency - 120) / 10;
  const r = (isOpus ? R0_OPUS : R0_OTHER) - delay - 250 * lossRatio;
  const score = r <= 0 ? 1 : r >= 100 ? 4.5 : 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r);
  return Math.round(score * 1000) / 1000;
}
