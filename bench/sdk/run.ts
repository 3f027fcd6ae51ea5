// What measuring costs a page: CPU per report as a ratio to JSON.stringify of the same report, beside two other libraries.
//
// Each takes the same recorded reports as a Map, as `getStats()` gives them. Rounds are paired: in each, JSON.stringify and every library take the
// whole trace one after another, so that a busy machine slows all of them alike; told is the median of the rounds' ratios. Time of the main
// thread once everything is compiled, garbage included.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { ClientMonitor } from "@observertc/client-monitor-js";
import { build } from "esbuild";
import { CompositeRTCStatsParser, PeriodicWebRTCStatsReporter, RTCStatsParser } from "webrtc-issue-detector";
import * as issueDetectorModule from "webrtc-issue-detector";
import { initSync } from "../../packages/sdk/generated/engine.js";
import { engineOfModule } from "../../packages/sdk/src/engine/index.ts";
import { STRICT } from "../../packages/sdk/src/privacy.ts";

const TRACES = ["av-pc0", "lite/av-pc0", "audio-pc0", "firefox/firefox-av-pc0"];
const ROUNDS = 41;
const WARM_UP = 60;
/** As the SDK sends them. */
const REPORTS_PER_BATCH = 10;

type Report = Map<string, object>;
interface Taken {
  readonly timeMs: number;
  readonly report: Report;
}

/** Takes a whole trace, as a new connection. */
type Run = (trace: readonly Taken[]) => Promise<void> | void;

const module = readFileSync(new URL("../../packages/sdk/generated/engine_bg.wasm", import.meta.url));
initSync({ module });
// What the other libraries look for in a page.
Object.assign(globalThis, { window: globalThis, navigator: { userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36" } });
const engine = engineOfModule();
const of = { conferenceId: "weekly", userId: "ada", participantId: "stay", peerConnectionId: "pc0", batchSeq: 0, sentMs: 0 };

/** Collect, hide addresses, series, scores and issues as objects, and a compact batch for every ten reports. */
const sidetone = (judges: boolean): Run => (trace) => {
  const recording = engine.recording(() => STRICT);
  for (const { timeMs, report } of trace) {
    recording.push(timeMs, report, judges);
    if (recording.count === REPORTS_PER_BATCH) recording.takeBatch(of);
  }
  if (recording.count > 0) recording.takeBatch(of);
  recording.free();
};

const json: Run = (trace) => {
  for (const { report } of trace) JSON.stringify(Object.fromEntries(report));
};

/** Node takes the package as CommonJS: its class stands one step further in. */
const { default: inner } = issueDetectorModule as unknown as { default: { default: typeof issueDetectorModule.default } };
const WebRTCIssueDetector = inner.default;

/** Parses reports, scores and detects issues; sends nothing. One receiver gives the whole report, so that it is read once. */
const issueDetector: Run = async (trace) => {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const compositeStatsParser = new CompositeRTCStatsParser({ statsParser: new RTCStatsParser({ logger }) });
  const statsReporter = new PeriodicWebRTCStatsReporter({ compositeStatsParser, getStatsInterval: 1e9 });
  new WebRTCIssueDetector({ autoAddPeerConnections: false, compositeStatsParser, statsReporter, onIssues() {}, onNetworkScoresUpdated() {} });
  let current: Report = new Map();
  const receiver = { track: { enabled: true }, getStats: async () => current };
  const pc = { iceConnectionState: "connected", connectionState: "connected", getReceivers: () => [receiver], getSenders: () => [] };
  compositeStatsParser.addPeerConnection({ pc: pc as never });
  const parseReports = (statsReporter as unknown as { parseReports(): Promise<void> }).parseReports.bind(statsReporter);
  for (const { report } of trace) {
    current = report;
    await parseReports();
  }
};

/** Collects, scores and detects; a sample as JSON for every fourth report, as it is by default. */
const clientMonitor: Run = async (trace) => {
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
  for (const { report } of trace) {
    current = report;
    await monitor.collect();
    if (++count % 4 === 0) JSON.stringify(monitor.createSample());
  }
};

const RUNS: readonly (readonly [string, Run])[] = [
  ["Sidetone: collect, encode", sidetone(false)],
  ["Sidetone: collect, encode, series, scores, issues", sidetone(true)],
  ["webrtc-issue-detector 1.17.3", issueDetector],
  ["client-monitor-js 4.0.3", clientMonitor],
];

/** Microseconds per report. */
async function cost(run: Run, trace: readonly Taken[]): Promise<number> {
  const before = performance.now();
  await run(trace);
  return (1000 * (performance.now() - before)) / trace.length;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;
}

/** The reports of a trace. */
function read(name: string): Taken[] {
  const text = readFileSync(new URL(`../../testdata/traces/${name}.jsonl`, import.meta.url), "utf8");
  const lines = text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as { t: number; report: Record<string, object> });
  return lines.map(({ t, report }) => ({ timeMs: t, report: new Map(Object.entries(report)) }));
}

async function gzipSize(entry: string): Promise<number> {
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, minify: true, write: false, format: "esm", platform: "browser", define: { "import.meta.url": '""', VERSION: '""', ENGINE_INTEGRITY: '""', ENGINE_TAG: '""' } });
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).length;
}

const path = (name: string) => new URL(import.meta.resolve(name)).pathname;
const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
const sdk = await gzipSize(new URL("../../packages/sdk/src/index.ts", import.meta.url).pathname);
const wasm = gzipSync(module, { level: 9 }).length;
console.log(`gzip: Sidetone's collector ${kilobytes(sdk)} and engine ${kilobytes(wasm)}, webrtc-issue-detector ${kilobytes(await gzipSize(path("webrtc-issue-detector")))}, client-monitor-js ${kilobytes(await gzipSize(path("@observertc/client-monitor-js")))}`);
for (const name of TRACES) {
  const trace = read(name);
  const ratios = RUNS.map((): number[] => []);
  const bases: number[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const base = await cost(json, trace);
    const costs: number[] = [];
    for (const [, run] of RUNS) costs.push(await cost(run, trace));
    if (round < 0) continue;
    bases.push(base);
    costs.forEach((microseconds, index) => ratios[index]?.push(microseconds / base));
  }
  console.log(`${name}: JSON.stringify ${median(bases).toFixed(1)} µs`);
  RUNS.forEach(([what], index) => console.log(`  ${median(ratios[index] ?? []).toFixed(2)}  ${what}`));
}
// Timers of the other libraries.
process.exit(0);
