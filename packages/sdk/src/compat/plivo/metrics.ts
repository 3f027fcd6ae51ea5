/** `mediaMetrics`: what a caller can be warned of while the call runs, from the engine's values and the call's own events. */

import type { Tick } from "../../api.ts";
import type { Rules } from "./metrics-rules.ts";
import { type Sample, SAMPLE_MS, sampleOf } from "./samples.ts";

export interface MediaMetric {
  group: "network" | "audio";
  level: "warning";
  type: string;
  value?: number | string;
  /** `false` when what was told is over. */
  active: boolean;
  desc: string;
  stream: "local" | "remote" | "None";
}

type About = Pick<MediaMetric, "group" | "type" | "desc" | "stream">;

/** Judges one quantity by the rules' window. */
class Window {
  #values: (number | undefined)[] = [];
  #isActive = false;

  constructor(
    private readonly rules: Rules,
    private readonly about: About,
    /** The value where it is bad. */
    private readonly bad: (sample: Sample) => number | undefined,
    /** What is told of the bad ones. */
    private readonly summary: (bad: readonly number[]) => number | string,
  ) {}

  push(sample: Sample): MediaMetric | undefined {
    const { samples, stride, repeats } = this.rules;
    this.#values.push(this.bad(sample));
    // The sliding window decides from its first bad samples on; groups wait until they are full.
    if (stride > 1 && this.#values.length < samples) return undefined;
    const bad = this.#values.filter((value) => value !== undefined);
    this.#values = this.#values.slice(Math.max(0, this.#values.length - samples + stride));
    const isBad = bad.length >= this.rules.bad;
    const wasActive = this.#isActive;
    this.#isActive = isBad;
    if (isBad && (repeats || !wasActive)) return { ...this.about, level: "warning", value: this.summary(bad), active: true };
    if (!isBad && wasActive) return { ...this.about, level: "warning", value: 0, active: false };
    return undefined;
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const first = (values: readonly number[]) => values[0] as number;
const above = (value: number | undefined, limit: number) => (value !== undefined && value > limit ? value : undefined);
const below = (value: number | undefined, limit: number) => (value !== undefined && value < limit ? value : undefined);

/** Fewer bytes than this in 3 s, though not muted: the browser has lost the microphone. */
const LOST_MICROPHONE_BYTES = 80;
const LOST_MICROPHONE_MS = 3000;

export interface MetricsHost {
  emit(metric: MediaMetric): void;
  isOpus(): boolean;
  isMuted(): boolean;
}

/** Of one call. */
export class Metrics {
  readonly #windows: readonly Window[];
  #ticks: Tick[] = [];
  #sinceMs: number | undefined;
  #silentMs = 0;
  #isMicrophoneLost = false;
  #isDropped = false;

  constructor(
    rules: Rules,
    private readonly detectsLostMicrophone: boolean,
    private readonly host: MetricsHost,
  ) {
    const network = (type: string, desc: string, stream: About["stream"]): About => ({ group: "network", type, desc, stream });
    const audio = (desc: string, stream: About["stream"]): About => ({ group: "audio", type: "no_audio_received", desc, stream });
    const loss = (value: number | undefined) => above(value, host.isOpus() ? rules.lossRatioOpus : rules.lossRatioOther);
    const silence = (value: number | undefined) => below(value, rules.silenceDb);
    const average = (values: readonly number[]) => Math.round(mean(values) * 1000) / 1000;
    this.#windows = [
      new Window(rules, network("high_jitter", "jitterLocalMeasures", "local"), ({ jitterLocalMs }) => above(jitterLocalMs, rules.jitterMs), mean),
      new Window(rules, network("high_jitter", "jitterRemoteMeasures", "remote"), ({ jitterRemoteMs }) => above(jitterRemoteMs, rules.jitterMs), mean),
      new Window(rules, network("high_rtt", "high latency", "None"), ({ rttMs }) => above(rttMs, rules.rttMs), (values) => mean(values).toFixed(2)),
      new Window(rules, network("high_packetloss", "packetLossLocalMeasures", "local"), ({ lossLocal }) => loss(lossLocal), average),
      new Window(rules, network("high_packetloss", "packetLossRemoteMeasures", "remote"), ({ lossRemote }) => loss(lossRemote), average),
      new Window(rules, network("low_mos", "mosRemoteMeasures", "None"), (sample) => below(sample.mos, rules.mos), first),
      new Window(rules, audio("local_audio", "local"), ({ levelLocalDb }) => silence(levelLocalDb), first),
      new Window(rules, audio("remote_audio", "remote"), ({ levelRemoteDb }) => silence(levelRemoteDb), first),
    ];
  }

  /** The engine's values of one report; from the confirmed call on. */
  tick(tick: Tick): void {
    this.#sinceMs ??= tick.timeMs - tick.intervalMs;
    this.#ticks.push(tick);
    if (this.detectsLostMicrophone) this.#microphone(tick);
    if (tick.timeMs - this.#sinceMs < SAMPLE_MS) return;
    this.#sinceMs = tick.timeMs;
    this.sample(sampleOf(this.#ticks.splice(0), { isOpus: this.host.isOpus(), isMuted: this.host.isMuted() }));
  }

  sample(sample: Sample): void {
    for (const window of this.#windows) {
      const metric = window.push(sample);
      if (metric) this.host.emit(metric);
    }
  }

  iceState(state: RTCIceConnectionState): void {
    const about = { group: "network", level: "warning", type: "ice_connection", desc: "network drop", stream: "None" } as const;
    if (state === "disconnected" || state === "failed") {
      this.#isDropped = true;
      this.host.emit({ ...about, value: state, active: true });
    } else if ((state === "connected" || state === "completed") && this.#isDropped) {
      this.#isDropped = false;
      this.host.emit({ ...about, value: state, active: false });
    }
  }

  gatheringTimeout(afterMs: number): void {
    this.host.emit({ group: "network", level: "warning", type: "ice_timeout", value: afterMs, active: true, desc: "Possible NAT/Firewall issue", stream: "None" });
  }

  speech(): void {
    this.host.emit({ group: "audio", level: "warning", type: "speaking_on_mute", value: 0, active: true, desc: "User is trying to speak on mute", stream: "None" });
  }

  /** Whether anything is still sent of the microphone. */
  #microphone({ streams, intervalMs }: Tick): void {
    const sent = streams.find(({ stream }) => stream.direction === "outbound" && stream.kind === "audio")?.values["bitrate_bps"];
    if (sent === undefined) return;
    const isSending = (sent / 8000) * LOST_MICROPHONE_MS >= LOST_MICROPHONE_BYTES;
    this.#silentMs = isSending || this.host.isMuted() ? 0 : this.#silentMs + intervalMs;
    const isLost = this.#silentMs >= LOST_MICROPHONE_MS;
    if (isLost && !this.#isMicrophoneLost) {
      const desc = "Chrome lost access to microphone — restart browser";
      this.host.emit({ group: "audio", level: "warning", type: "no_microphone_access", active: true, desc, stream: "None" });
    }
    this.#isMicrophoneLost = isLost;
  }
}
