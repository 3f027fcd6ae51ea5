/**
 * `mosG107`: an estimate of how a voice sounds, 1 to 4.5, by the E-model. For Opus as voximplant-websdk reckons it: the full-band model
 * (ITU-T G.107.2: base 148, equipment impairment 10.2, loss robustness 4.3) brought to the narrow-band scale. The original's curve for other
 * codecs rises with loss, so for them it is ITU-T G.107 with the values of G.711 and packet-loss concealment (G.113, appendix I).
 */

/** How a received voice fares. */
export interface VoicePath {
  /** Round trip, milliseconds. */
  readonly rttMs: number;
  /** 0 to 1. */
  readonly lossRatio: number;
  /** Interarrival jitter, milliseconds. */
  readonly jitterMs: number;
  /** MIME type, such as `audio/opus`; Opus where it is not known. */
  readonly codec?: string | undefined;
}

/** Delay of coding and playing that no report tells, milliseconds. */
const CODING_MS = 20;
/** Up to here delay harms nobody. */
const DELAY_MS = 100;

interface Model {
  /** R without any impairment. */
  readonly base: number;
  readonly equipment: number;
  /** The impairment that loss approaches. */
  readonly lossMax: number;
  /** Percentage of loss that does half of it. */
  readonly robustness: number;
  /** What R is divided by, to stand on the narrow-band scale. */
  readonly scale: number;
}

const FULL_BAND: Model = { base: 148, equipment: 10.2, lossMax: 121.8, robustness: 4.3, scale: 1.48 };
const NARROW_BAND: Model = { base: 93.2, equipment: 0, lossMax: 95, robustness: 25.1, scale: 1 };

export function mosG107({ rttMs, lossRatio, jitterMs, codec }: VoicePath): number {
  const model = codec === undefined || codec.toLowerCase() === "audio/opus" ? FULL_BAND : NARROW_BAND;
  const loss = 100 * Math.min(1, Math.max(0, lossRatio));
  const equipment = model.equipment + (model.lossMax * loss) / (loss + model.robustness);
  const delay = model.scale * 25 * delayImpairment(rttMs / 2 + jitterMs + CODING_MS);
  return mosFromR((model.base - delay - equipment) / model.scale);
}

/** ITU-T G.107, equation 7-28, over 25. */
function delayImpairment(delayMs: number): number {
  if (delayMs <= DELAY_MS) return 0;
  const octaves = Math.log2(delayMs / DELAY_MS);
  return (1 + octaves ** 6) ** (1 / 6) - 3 * (1 + (octaves / 3) ** 6) ** (1 / 6) + 2;
}

/** ITU-T G.107, annex B. */
function mosFromR(r: number): number {
  if (r < 0) return 1;
  if (r > 100) return 4.5;
  return Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}
