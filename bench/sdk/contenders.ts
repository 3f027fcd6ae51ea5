// What is measured: Sidetone's recording and two other libraries, each as a function that takes the reports of one connection in turn.

import { ClientMonitor } from "@observertc/client-monitor-js";
import { CompositeRTCStatsParser, PeriodicWebRTCStatsReporter, RTCStatsParser } from "webrtc-issue-detector";
import * as issueDetectorModule from "webrtc-issue-detector";
import type { Engine } from "../../packages/sdk/src/engine/index.ts";
import { STRICT } from "../../packages/sdk/src/privacy.ts";

/** As `getStats()` gives it, or a Map of the same. */
export type Report = ReadonlyMap<string, object>;

/** Of one connection. */
export interface Taker {
  take(timeMs: number, report: Report): Promise<void> | void;
  end(): void;
}

export interface Contender {
  readonly name: string;
  /** A new connection. */
  start(): Taker;
}

/** As the SDK sends them. */
const REPORTS_PER_BATCH = 10;
const of = { conferenceId: "weekly", userId: "ada", participantId: "stay", peerConnectionId: "pc0", batchSeq: 0, sentMs: 0 };

/** Collect, hide addresses and a compact batch for every ten reports; by an engine that judges also series, scores and issues as objects. */
export function sidetone(engine: Engine): Contender {
  const start = () => {
    const recording = engine.recording(() => STRICT);
    return {
      take(timeMs: number, report: Report) {
        recording.push(timeMs, report, engine.judges);
        if (recording.count === REPORTS_PER_BATCH) recording.takeBatch(of);
      },
      end() {
        if (recording.count > 0) recording.takeBatch(of);
        recording.free();
      },
    };
  };
  return { name: engine.judges ? "Sidetone: collect, encode, series, scores, issues" : "Sidetone: collect, encode", start };
}

/** What the others are measured against. */
export const json: Contender = {
  name: "JSON.stringify",
  start: () => ({ take: (_, report) => void JSON.stringify(Object.fromEntries(report)), end() {} }),
};

/** Node takes the package as CommonJS: its class stands one step further in than in a page. */
const { default: outer } = issueDetectorModule as unknown as { default: typeof issueDetectorModule.default & { default?: typeof issueDetectorModule.default } };
const WebRTCIssueDetector = outer.default ?? outer;

/** Parses reports, scores and detects issues; sends nothing. One receiver gives the whole report, so that it is read once. */
export const issueDetector: Contender = {
  name: "webrtc-issue-detector 1.17.3",
  start() {
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const compositeStatsParser = new CompositeRTCStatsParser({ statsParser: new RTCStatsParser({ logger }) });
    const statsReporter = new PeriodicWebRTCStatsReporter({ compositeStatsParser, getStatsInterval: 1e9 });
    new WebRTCIssueDetector({ autoAddPeerConnections: false, compositeStatsParser, statsReporter, onIssues() {}, onNetworkScoresUpdated() {} });
    let current: Report = new Map();
    const receiver = { track: { enabled: true }, getStats: async () => current };
    const pc = { iceConnectionState: "connected", connectionState: "connected", getReceivers: () => [receiver], getSenders: () => [] };
    compositeStatsParser.addPeerConnection({ pc: pc as never });
    const parseReports = (statsReporter as unknown as { parseReports(): Promise<void> }).parseReports.bind(statsReporter);
    return {
      take(_, report) {
        current = report;
        return parseReports();
      },
      end() {},
    };
  },
};

/** Collects, scores and detects; a sample as JSON for every fourth report, as it is by default. */
export const clientMonitor: Contender = {
  name: "client-monitor-js 4.0.3",
  start() {
    const monitor = new ClientMonitor({ collectingPeriodInMs: 0, samplingPeriodInMs: 0, integrateNavigatorMediaDevices: false });
    let current: Report = new Map();
    const pc = Object.assign(new EventTarget(), {
      iceConnectionState: "connected",
      connectionState: "connected",
      setLocalDescription() {},
      getSenders: () => [],
      getReceivers: () => [],
      getStats: async () => current,
    });
    monitor.addSource(pc as never);
    let count = 0;
    return {
      async take(_, report) {
        current = report;
        await monitor.collect();
        if (++count % 4 === 0) JSON.stringify(monitor.createSample());
      },
      end() {},
    };
  },
};
