// What is measured: Sidetone's recording and two other libraries, each as a function that takes the reports of one connection in turn.

import * as library from "../../lab/src/libraries.ts";
import { objectsOf } from "../../packages/sdk/src/collect/stats.ts";
import type { Engine } from "../../packages/sdk/src/engine/index.ts";
import { STRICT } from "../../packages/sdk/src/privacy.ts";

export type Report = library.Report;

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
        recording.push(timeMs, objectsOf(report), engine.judges);
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

/** Parses reports, scores and detects issues; sends nothing. */
export const issueDetector: Contender = {
  name: "webrtc-issue-detector 1.17.3",
  start() {
    const take = library.issueDetector(() => {});
    return { take: (_, report) => take(report), end() {} };
  },
};

/** Collects, scores and detects; a sample as JSON for every fourth report, as it is by default. */
export const clientMonitor: Contender = {
  name: "client-monitor-js 4.0.3",
  start() {
    const { monitor, take } = library.clientMonitor();
    let count = 0;
    return {
      async take(_, report) {
        await take(report);
        if (++count % 4 === 0) JSON.stringify(monitor.createSample());
      },
      end() {},
    };
  },
};
