/** Looks at a connected call: once a second for its quality, at the page's interval for its statistics, every 10 s for the browser's report. */

import { ticker } from "../../ticker.ts";
import { Microphone } from "./quality/microphone.ts";
import { type Conditions, type QualityIssue, QualityWatch } from "./quality/watch.ts";
import { type Battery, collectionIntervalMs } from "./stats/interval.ts";
import { RtcStats } from "./stats/rtc-stats.ts";
import type { StatsReport } from "./stats/report.ts";
import { Source } from "./stats/source.ts";
import { type Played, statsReport } from "./stats/transform.ts";

const LOOK_MS = 1000;
const RTC_STATS_MS = 10_000;

/** The call that is looked at. */
export interface Metered {
  /** `Config.rtcStatsCollectionInterval`. */
  readonly collectionIntervalMs: number | undefined;
  peerConnection(): RTCPeerConnection | undefined;
  conditions(): Conditions;
  played(trackId: string): Played | undefined;
  onStats(stats: StatsReport): void;
  onRtcStats(stats: Readonly<RtcStats>): void;
  onIssue(issue: QualityIssue): void;
}

export class Meter {
  readonly #watch = new QualityWatch();
  readonly #microphone = new Microphone();
  /** The report that rates are reckoned from. */
  #before: Source | undefined;
  #undo: (() => void)[] = [];
  #isRunning = false;

  constructor(private readonly call: Metered) {}

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#every(LOOK_MS, async (peerConnection) => this.#look(new Source(await peerConnection.getStats()), peerConnection));
    this.#every(RTC_STATS_MS, async (peerConnection) => this.#tell(RtcStats.read(await peerConnection.getStats()), (stats) => this.call.onRtcStats(stats)));
    void battery().then((held) => {
      const intervalMs = collectionIntervalMs(this.call.collectionIntervalMs, held);
      if (this.#isRunning && intervalMs > 0) this.#every(intervalMs, async (peerConnection) => this.#collect(new Source(await peerConnection.getStats())));
    });
  }

  stop(): void {
    this.#isRunning = false;
    for (const undo of this.#undo.splice(0)) undo();
    this.#microphone.close();
  }

  /** The connection's state changed. */
  ice(state: RTCIceConnectionState): void {
    this.#raise(this.#watch.ice(state));
  }

  /** The media goes another way now. */
  restarted(): void {
    this.#raise(this.#watch.reset());
  }

  /** Each look waits for the one before it, so that a slow browser is not asked twice at once. */
  #every(intervalMs: number, look: (peerConnection: RTCPeerConnection) => Promise<void>): void {
    let isBusy = false;
    const run = async () => {
      const peerConnection = this.call.peerConnection();
      if (isBusy || peerConnection?.connectionState !== "connected") return;
      isBusy = true;
      // A connection that closes under the look has no report.
      await look(peerConnection).catch(() => undefined);
      isBusy = false;
    };
    this.#undo.push(ticker.every(intervalMs, () => void run()));
  }

  #look(now: Source, peerConnection: RTCPeerConnection): void {
    // The call may have ended while the browser was asked.
    if (!this.#isRunning) return;
    this.#before ??= now;
    const sent = () => peerConnection.getSenders().find(({ track }) => track?.kind === "audio")?.track ?? undefined;
    this.#raise(this.#watch.look(now, { ...this.call.conditions(), isSilent: () => this.#microphone.isSilent(sent()) }));
  }

  #collect(now: Source): void {
    const stats = statsReport(now, this.#before, (trackId) => this.call.played(trackId));
    this.#before = now;
    this.#tell(stats, (told) => this.call.onStats(told));
  }

  #raise(issues: readonly QualityIssue[]): void {
    for (const issue of issues) this.#tell(issue, (told) => this.call.onIssue(told));
  }

  /** Nothing is told of a call that ended while the browser was asked. */
  #tell<Value>(value: Value, tell: (value: Value) => void): void {
    if (this.#isRunning) tell(value);
  }
}

async function battery(): Promise<Battery | undefined> {
  const { getBattery } = navigator as Navigator & { getBattery?: () => Promise<Battery> };
  return getBattery?.call(navigator).catch(() => undefined);
}
