/** By which rules `mediaMetrics` are raised. A sample is judged every 5 s. */

import type { Preset } from "../../api.ts";

export interface Rules {
  /** How many samples are judged together. */
  readonly samples: number;
  /** How many of them must be bad. */
  readonly bad: number;
  /** How many samples there are between two decisions. */
  readonly stride: number;
  /** Whether a metric is told again at every decision while it stands. */
  readonly repeats: boolean;
  /** Bad above it. */
  readonly jitterMs: number;
  /** Bad above it. */
  readonly rttMs: number;
  /** Bad above it, of a call with Opus; 0 to 1. */
  readonly lossRatioOpus: number;
  /** Bad above it, of any other call. */
  readonly lossRatioOther: number;
  /** Bad below it. */
  readonly mos: number;
  /** Silent at or below it, in dB of full scale. */
  readonly silenceDb: number;
}

/** One step of 16-bit sound is -90.3 dB: below it there is nothing, not a quiet room. */
const DIGITAL_SILENCE_DB = -90.4;

/** A sample is bad when loss is above the limit; Plivo's SDK says "at least", so its limit is a hair lower. */
const AT_LEAST = 1 - 1e-9;

/** A preset of the engine, by which issues are judged: of Plivo's reference, and of its SDK. */
export type EnginePreset = Extract<Preset, "plivo" | "plivo-shipped">;
/** Those, or what they are after. */
export type RulesName = EnginePreset | "document" | "shipped";

export function presetOf(name: unknown): EnginePreset | undefined {
  if (name === "document" || name === "plivo") return "plivo";
  return name === "shipped" || name === "plivo-shipped" ? "plivo-shipped" : undefined;
}

export const PRESETS: Readonly<Record<EnginePreset, Rules>> = {
  /** As Plivo's reference says: three of the last five. */
  plivo: {
    samples: 5,
    bad: 3,
    stride: 1,
    repeats: false,
    jitterMs: 30,
    rttMs: 400,
    lossRatioOpus: 0.1,
    lossRatioOther: 0.2,
    mos: 3,
    silenceDb: DIGITAL_SILENCE_DB,
  },
  /** As plivo-browser-sdk 2.2.21 does: two of three, every other sample, told again; and it takes every call for one without Opus. */
  "plivo-shipped": {
    samples: 3,
    bad: 2,
    stride: 2,
    repeats: true,
    jitterMs: 30,
    rttMs: 400,
    lossRatioOpus: 0.02 * AT_LEAST,
    lossRatioOther: 0.02 * AT_LEAST,
    mos: 3.5,
    silenceDb: DIGITAL_SILENCE_DB,
  },
};
