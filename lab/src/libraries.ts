/** Other libraries that judge calls, each made to take reports that are given to it: they get a connection whose statistics are the current report. */

import { ClientMonitor } from "@observertc/client-monitor-js";
import * as issueDetectorModule from "webrtc-issue-detector";

/** As `getStats()` gives it, or a Map of the same. */
export type Report = ReadonlyMap<string, object>;

const { CompositeRTCStatsParser, PeriodicWebRTCStatsReporter, RTCStatsParser } = issueDetectorModule;
/** Node takes the package as CommonJS: its class stands one step further in than in a page. */
const { default: outer } = issueDetectorModule as unknown as { default: typeof issueDetectorModule.default & { default?: typeof issueDetectorModule.default } };
const WebRTCIssueDetector = outer.default ?? outer;

/** `webrtc-issue-detector` on a new connection: parses reports, scores and detects issues. One receiver gives the whole report, so that it is read once. */
export function issueDetector(onIssues: (issues: readonly { readonly reason: string }[]) => void): (report: Report) => Promise<void> {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const compositeStatsParser = new CompositeRTCStatsParser({ statsParser: new RTCStatsParser({ logger }) });
  const statsReporter = new PeriodicWebRTCStatsReporter({ compositeStatsParser, getStatsInterval: 1e9 });
  new WebRTCIssueDetector({ autoAddPeerConnections: false, compositeStatsParser, statsReporter, onIssues: onIssues as never, onNetworkScoresUpdated() {} });
  let current: Report = new Map();
  const receiver = { track: { enabled: true }, getStats: async () => current };
  const pc = { iceConnectionState: "connected", connectionState: "connected", getReceivers: () => [receiver], getSenders: () => [] };
  compositeStatsParser.addPeerConnection({ pc: pc as never });
  const parseReports = (statsReporter as unknown as { parseReports(): Promise<void> }).parseReports.bind(statsReporter);
  return (report) => {
    current = report;
    return parseReports();
  };
}

/**
 * `client-monitor-js` on a new connection: collects, scores and detects. It has no period of its own, so it takes reports when it is told to;
 * `options`: what else it is to do.
 */
export function clientMonitor(options: ConstructorParameters<typeof ClientMonitor>[0] = {}): { readonly monitor: ClientMonitor; take(report: Report): Promise<unknown> } {
  const monitor = new ClientMonitor({ collectingPeriodInMs: 0, samplingPeriodInMs: 0, integrateNavigatorMediaDevices: false, ...options });
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
  const take = (report: Report) => {
    current = report;
    return monitor.collect();
  };
  return { monitor, take };
}
