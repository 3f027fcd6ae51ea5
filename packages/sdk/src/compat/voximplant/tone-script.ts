/**
 * Tone scripts: frequencies in Hz with their levels in dB, and when they sound, such as `440@-19,480@-19;*(2/4/1+2)`: the first and the second
 * together for 2 s, 4 s of silence, without end. A number in place of `*` is a duration in seconds.
 */

import { SAMPLE_RATE, wav } from "../../phone/media/tones.ts";

/** Ringback tones by country. */
export const RINGBACK: Readonly<Record<string, string>> = { US: "440@-19,480@-19;*(2/4/1+2)", RU: "425@-19;*(1/3/1)" };

const SECONDS_MAX = 60;
const RAMP_SECONDS = 0.002;

interface Tone {
  readonly hertz: number;
  readonly gain: number;
}

export interface Rendered {
  /** Between -1 and 1; one round of a tone without end. */
  readonly samples: Float32Array;
  readonly isEndless: boolean;
}

/** Throws a `SyntaxError` for what is no script. */
export function render(script: string): Rendered {
  const [head = "", ...cadences] = script.split(";").filter((part) => part.trim() !== "");
  const tones = head.split(",").map((pair) => {
    const [hertz, decibels] = pair.split("@").map((text) => numberOf(text, script));
    return { hertz: hertz ?? 0, gain: 10 ** ((decibels ?? 0) / 20) };
  });
  const samples: number[] = [];
  let isEndless = false;
  for (const cadence of cadences) {
    const [, duration = "", inner = ""] = /^\s*(\*|[\d.]+)\((.+)\)\s*$/.exec(cadence) ?? refuse(script);
    isEndless ||= duration === "*";
    const limit = duration === "*" ? 0 : Math.min(SECONDS_MAX, numberOf(duration, script));
    const end = samples.length + limit * SAMPLE_RATE;
    do {
      for (const section of inner.split(",")) sound(samples, section, tones, limit, script);
    } while (samples.length < end);
    if (limit > 0) samples.length = Math.min(samples.length, end);
  }
  return samples.length > 0 ? { samples: Float32Array.from(samples), isEndless } : refuse(script);
}

/** Address of a script's sound; it lasts as long as the page. */
export function soundOf({ samples }: Rendered): string {
  return URL.createObjectURL(new Blob([wav(Float32Array.from(samples))], { type: "audio/wav" }));
}

/** Adds what a section such as `2/4/1+2` says: on, off, which tones. */
function sound(samples: number[], section: string, tones: readonly Tone[], limit: number, script: string): void {
  const [on = "", off = "", which = ""] = section.split("/");
  const held = which.split("+").map((index) => tones[numberOf(index, script) - 1] ?? refuse(script));
  const seconds = on.trim() === "*" ? limit || 1 : Math.min(SECONDS_MAX, numberOf(on, script));
  const pause = off.trim() === "*" ? 0 : Math.min(SECONDS_MAX, numberOf(off, script));
  const length = Math.round(seconds * SAMPLE_RATE);
  if (length === 0 && pause === 0) refuse(script);
  for (let at = 0; at < length; at++) {
    const ramp = Math.min(1, at / (RAMP_SECONDS * SAMPLE_RATE), (length - at) / (RAMP_SECONDS * SAMPLE_RATE));
    samples.push(ramp * held.reduce((sum, { hertz, gain }) => sum + gain * Math.sin((2 * Math.PI * hertz * at) / SAMPLE_RATE), 0));
  }
  for (let at = 0; at < Math.round(pause * SAMPLE_RATE); at++) samples.push(0);
}

function numberOf(text: string, script: string): number {
  const value = Number(text);
  return text.trim() === "" || !Number.isFinite(value) ? refuse(script) : value;
}

function refuse(script: string): never {
  throw new SyntaxError(`${JSON.stringify(script)} is no tone script, such as "425@-19;*(1/3/1)"`);
}
