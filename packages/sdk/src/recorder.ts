/** The reports of one connection between two batches: kept for the next batch, judged for the page. */

import type { Engine, Outcome, Recording, StatsReport } from "./engine/index.ts";
import { noticeOf } from "./notices.ts";
import { permitted, type Policy } from "./privacy.ts";

/** Most reports of one batch: the oldest give way. */
const REPORTS_MAX = 1000;

/** Most words of silence, and of other events, that wait for an engine that judges. */
const HEARD_MAX = 64;

/** Reports that wait, in the JSON of a batch's member `reports`. */
export interface JsonReports {
  readonly json: string;
  readonly count: number;
  readonly dropped: number;
}

/** What is read of an event. */
interface Heard {
  readonly kind?: unknown;
  readonly direction?: unknown;
  readonly id?: unknown;
  readonly enabled?: unknown;
  readonly muted?: unknown;
}

export class Recorder {
  /** What waits for the engine. */
  #reports: { timeMs: number; json: string }[] = [];
  #mutes: Parameters<Recording["mute"]>[] = [];
  #notices: Parameters<Recording["notice"]>[] = [];
  #recording: Recording | undefined;
  /** Whose recording it is. */
  #of: Engine | undefined;
  #lastMs: number | undefined;
  #dropped = 0;
  #isEnded = false;

  /** `engine` gives the engine once it is loaded; `policy` says what may leave the page, `rules` by which the page is told. */
  constructor(
    private readonly engine: () => Engine | undefined,
    private readonly policy: () => Policy,
    private readonly rules: () => string = () => "sidetone",
  ) {}

  /** Time of the newest report that waits. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  /** Takes a report; where `judge` and the engine is there, gives what it led to, without its ticks unless they are wanted. */
  push(timeMs: number, report: StatsReport, judge: boolean, ticks = true): Outcome | undefined {
    const recording = this.#live();
    this.#lastMs = timeMs;
    if (recording) return recording.push(timeMs, report, judge, ticks);
    const stats: Record<string, object> = {};
    report.forEach((of, id) => (stats[id] = permitted(of, this.policy())));
    this.#reports.push({ timeMs, json: JSON.stringify(stats) });
    if (this.#reports.length > REPORTS_MAX) {
      this.#reports.shift();
      this.#dropped++;
    }
    return undefined;
  }

  /** Hears of silence that is meant (docs/intake.md), and of how the connection comes to be. */
  hear(kind: string, payload: Heard, timeMs: number): void {
    const notice = noticeOf(kind, payload);
    if (notice && this.#recording && this.#of?.judges) this.#recording.notice(timeMs, ...notice);
    else if (notice) wait(this.#notices, [timeMs, ...notice]);
    const mute = muteOf(kind, payload);
    if (!mute) return;
    if (this.#recording && this.#of?.judges) return this.#recording.mute(timeMs, ...mute);
    wait(this.#mutes, [timeMs, ...mute]);
  }

  /** The rules are others from now on; gives the issues that this ends, where the page was told any. */
  rulesChange(): Outcome | undefined {
    return this.#of?.judges ? this.#recording?.judgeBy(this.rules()) : undefined;
  }

  /** The recording that holds what waits; without an engine there is none. */
  waiting(): Recording | undefined {
    return this.#recording ?? this.#live();
  }

  /** Takes out what waits without an engine. */
  takeJson(): JsonReports {
    const reports = this.#reports.map(({ timeMs, json }) => `{"time_ms":${timeMs},"stats":${json}}`);
    const dropped = this.#dropped;
    this.#reports = [];
    this.#dropped = 0;
    this.taken();
    return { json: `[${reports.join()}]`, count: reports.length, dropped };
  }

  /** What waited was taken out. Another recording begins where the engine failed, or another one came meanwhile. */
  taken(hasFailed = false): void {
    this.#lastMs = undefined;
    if (hasFailed) this.#recording = undefined;
    if (this.#isEnded || this.engine() !== this.#of) this.#free();
  }

  /** No report comes any more; what waits is still to be taken. */
  end(): void {
    this.#isEnded = true;
  }

  /** The recording, once the engine is there; what came before is its beginning. */
  #live(): Recording | undefined {
    const engine = this.#isEnded ? undefined : this.engine();
    if (this.#recording || !engine) return this.#recording;
    this.#recording = engine.recording(this.policy, this.rules());
    this.#of = engine;
    for (const { timeMs, json } of this.#reports.splice(0)) {
      this.#recording.push(timeMs, new Map(Object.entries(JSON.parse(json) as Record<string, object>)), false);
    }
    if (!engine.judges) return this.#recording;
    for (const mute of this.#mutes.splice(0)) this.#recording.mute(...mute);
    for (const notice of this.#notices.splice(0)) this.#recording.notice(...notice);
    return this.#recording;
  }

  #free(): void {
    this.#recording?.free();
    this.#recording = undefined;
  }
}

/** What an event says of silence that is meant, and of what; nothing where it says nothing (`crates/wire/src/mute.rs`). */
function muteOf(name: string, { kind, direction, id, enabled, muted }: Heard): [of: Parameters<Recording["mute"]>[1], track: string | undefined, isMuted: boolean] | undefined {
  const track = typeof id === "string" ? id : undefined;
  switch (name) {
    case "held":
    case "resumed":
      return ["call", undefined, name === "held"];
    case "muted":
    case "unmuted":
      if (typeof kind === "string" && kind !== "audio") return undefined;
      return direction === "inbound" ? ["far_end", undefined, name === "muted"] : ["microphone", track, name === "muted"];
    case "add_track":
    case "replace_track":
    case "remove_track":
      if (kind !== "audio" || direction !== "outbound" || track === undefined) return undefined;
      if (name === "remove_track") return ["microphone", track, true];
      // Enabled, and nothing comes from the device: what becomes of it other events tell.
      return typeof enabled !== "boolean" || (enabled && muted === true) ? undefined : ["added", track, !enabled];
    default:
      return undefined;
  }
}

/** Puts another one with those that wait: the oldest gives way. */
function wait<Word>(waiting: Word[], word: Word): void {
  waiting.push(word);
  if (waiting.length > HEARD_MAX) waiting.shift();
}
