/** How the call sounds, in one word, with the reason in a person's words. */

import type { MediaMetric } from "../../../sdk/src/compat/plivo/index.ts";
import type { Issue, Tick } from "../../../sdk/src/index.ts";
import { grade, type Grade, issueWords } from "../words.ts";

/** What the indicator shows. */
export interface Verdict {
  readonly grade: Grade["name"];
  readonly word: string;
  /** What is wrong in words; where nothing is, two numbers. */
  readonly reason: string;
}

const WORDS: Readonly<Record<Grade["name"], string>> = { good: "Good", fair: "Fair", poor: "Poor", bad: "Bad", none: "Measuring" };
const ORDER: readonly Grade["name"][] = ["none", "good", "fair", "poor", "bad"];
/** A warning without an end stands this long. */
const PASSING_MS = 6000;
/** Weight of a new score: a single bad second does not turn the picture. */
const SMOOTHING = 0.4;
/** Scores before the first word: a call that begins is no bad call yet. */
const SETTLING = 3;

/** In the words of the engine's issue, which says the same. */
const SPEAKING_MUTED = issueWords("speaking_while_muted");

/** What `mediaMetrics` means to the person; `name` is who they talk to. */
export function metricWords({ type, stream }: MediaMetric, name: string): string {
  const isReceived = stream === "remote";
  switch (type) {
    case "high_packetloss":
      return `High packet loss on the way to ${isReceived ? "you" : name}`;
    case "high_jitter":
      return `Packets reach ${isReceived ? "you" : name} unevenly`;
    case "high_rtt":
      return `Words take long between you and ${name}`;
    case "low_mos":
      return "The sound is poor";
    case "no_audio_received":
      return isReceived ? `Nothing is heard from ${name}` : "Your microphone gives no sound";
    case "ice_connection":
      return "The connection is interrupted";
    case "ice_timeout":
      return "A firewall may be in the way";
    case "no_microphone_access":
      return "The browser lost your microphone: choose another, or reload the page";
    case "speaking_on_mute":
      return SPEAKING_MUTED;
    default:
      return issueWords(type);
  }
}

/** The same for an issue of the engine. */
export function engineWords({ rule, stream }: Pick<Issue, "rule" | "stream">, name: string): string {
  const isReceived = stream?.direction === "inbound";
  switch (rule) {
    case "high_loss":
    case "bursty_loss":
      return `High packet loss on the way to ${isReceived ? "you" : name}`;
    case "high_jitter":
      return `Packets reach ${isReceived ? "you" : name} unevenly`;
    case "high_rtt":
      return `Words take long between you and ${name}`;
    case "audible_concealment":
      return `There are gaps in what ${isReceived ? name : "you"} ${isReceived ? "says" : "say"}`;
    case "no_inbound_audio":
    case "silent_inbound_audio":
      return `Nothing is heard from ${name}`;
    case "no_inbound_video":
      return `No picture comes from ${name}`;
    default:
      return issueWords(rule);
  }
}

/** Of one call. */
export class CallQuality {
  #score: number | undefined;
  #scores = 0;
  /** Share of the sound that is missing to the ear; as slow as the score, so that the number explains the word. */
  #missing = 0;
  #numbers = "";
  /** What is wrong now, the newest last, each with what says so. */
  readonly #open = new Map<string, Set<string>>();

  /** `changed` is told the verdict; `noticed` what begins and ends to be wrong. */
  constructor(
    private readonly name: string,
    private readonly changed: (verdict: Verdict) => void,
    private readonly noticed: (words: string, isOver: boolean) => void,
  ) {}

  tick({ connection, streams }: Tick): void {
    const inbound = streams.find(({ stream }) => stream.direction === "inbound")?.values ?? {};
    const [rttMs, loss] = [connection["rtt_ms"], inbound["loss_ratio"]];
    this.#missing += SMOOTHING * ((inbound["audible_concealment_ratio"] ?? 0) - this.#missing);
    const numbers = [
      rttMs === undefined ? "" : `${Math.round(rttMs)} ms round trip`,
      // What is missing to the ear counts, also where the network lost nothing.
      this.#missing >= 0.01 ? `${Math.round(100 * this.#missing)} % of the sound missing` : loss === undefined ? "" : `${Math.round(100 * loss)} % lost`,
    ];
    this.#numbers = numbers.filter((text) => text !== "").join(", ");
    const score = connection["mos_cq"] ?? connection["mos_lq"];
    if (score === undefined) return;
    this.#scores += 1;
    const before = this.#scores > SETTLING ? this.#score : undefined;
    this.#score = before === undefined ? score : before + SMOOTHING * (score - before);
    this.#show();
  }

  metric(metric: MediaMetric): void {
    this.#note(metricWords(metric, this.name), `metric ${metric.type} ${metric.stream}`, metric.active);
    if (metric.type === "speaking_on_mute" && metric.active) setTimeout(() => this.metric({ ...metric, active: false }), PASSING_MS);
  }

  issue(issue: Issue, isOver: boolean): void {
    this.#note(engineWords(issue, this.name), `issue ${issue.rule} ${issue.stream?.direction} ${issue.stream?.ssrc}`, !isOver);
  }

  /** Nobody speaks into nothing any more. */
  unmuted(): void {
    this.#close(SPEAKING_MUTED);
  }

  /** The call is over, and with it all that was wrong. */
  end(): void {
    for (const words of [...this.#open.keys()]) this.#close(words);
  }

  #close(words: string): void {
    if (!this.#open.delete(words)) return;
    this.noticed(words, true);
    this.#show();
  }

  #note(words: string, source: string, isOpen: boolean): void {
    const sources = this.#open.get(words) ?? new Set();
    const wasOpen = sources.size > 0;
    if (isOpen) sources.add(source);
    else sources.delete(source);
    if (sources.size > 0) this.#open.set(words, sources);
    else this.#open.delete(words);
    if (wasOpen !== sources.size > 0) this.noticed(words, wasOpen);
    this.#show();
  }

  #show(): void {
    const reason = [...this.#open.keys()].at(-1) ?? "";
    const { name } = grade(this.#scores < SETTLING ? undefined : this.#score);
    // What somebody is told of is not "good".
    const shown = reason !== "" && ORDER.indexOf(name) < ORDER.indexOf("fair") ? "fair" : name;
    this.changed({ grade: shown, word: WORDS[shown], reason: reason || this.#numbers });
  }
}
