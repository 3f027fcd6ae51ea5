// In a page of Chromium: a call with another page, and what each contender costs for each of its reports.

import { loadEngine } from "../../packages/sdk/src/engine/index.ts";
import { clientMonitor, type Contender, issueDetector, json, sidetone, type Taker } from "./contenders.ts";

/** How many reports are taken before any is measured. */
const WARM_UP = 50;

/** Milliseconds per report: in the middle, on average, and at most. */
export interface Cost {
  readonly name: string;
  readonly median: number;
  readonly mean: number;
  readonly most: number;
}

export interface Measured {
  readonly reports: number;
  readonly members: number;
  readonly costs: readonly Cost[];
  /** Tasks of more than 50 ms of this page's main thread, in which nothing but this ran. */
  readonly longTasks: number;
}

const connection = new RTCPeerConnection();

/** The page's own camera and microphone. */
async function open(): Promise<void> {
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
  for (const track of media.getTracks()) connection.addTrack(track, media);
}

/** A description with all its candidates. */
async function describe(make: () => Promise<RTCSessionDescriptionInit>): Promise<string> {
  await connection.setLocalDescription(await make());
  while (connection.iceGatheringState !== "complete") await new Promise((resolve) => connection.addEventListener("icegatheringstatechange", resolve, { once: true }));
  return JSON.stringify(connection.localDescription);
}

const page = {
  async offer(): Promise<string> {
    await open();
    return describe(() => connection.createOffer());
  },

  async answer(offer: string): Promise<string> {
    await open();
    await connection.setRemoteDescription(JSON.parse(offer) as RTCSessionDescriptionInit);
    return describe(() => connection.createAnswer());
  },

  async accept(answer: string): Promise<void> {
    await connection.setRemoteDescription(JSON.parse(answer) as RTCSessionDescriptionInit);
    while (connection.connectionState !== "connected") await new Promise((resolve) => connection.addEventListener("connectionstatechange", resolve, { once: true }));
  },

  /** Takes a report every so many milliseconds, and gives it to everyone, in turns another first. */
  async measure(engineUrls: Readonly<Record<"encoder" | "engine", string>>, count: number, intervalMs: number): Promise<Measured> {
    let longTasks = 0;
    new PerformanceObserver((list) => (longTasks += list.getEntries().length)).observe({ type: "longtask" });
    const engines = await Promise.all([loadEngine(engineUrls.encoder, false), loadEngine(engineUrls.engine, true)]);
    const contenders = [json, ...engines.map(sidetone), issueDetector, clientMonitor];
    const runs = contenders.map((contender: Contender) => ({ name: contender.name, taker: contender.start(), costs: [] as number[], most: 0 }));
    let members = 0;
    for (let number = 0; number < count + WARM_UP; number++) {
      const report = await connection.getStats();
      members = [...report.values()].reduce((sum, stats) => sum + Object.keys(stats as object).length, 0);
      for (let turn = 0; turn < runs.length; turn++) {
        const run = runs[(number + turn) % runs.length] as { taker: Taker; costs: number[]; most: number };
        const before = performance.now();
        const taken = run.taker.take(Date.now(), report);
        if (taken) await taken;
        const cost = performance.now() - before;
        run.most = Math.max(run.most, cost);
        if (number >= WARM_UP) run.costs.push(cost);
      }
      await new Promise((resolve) => setTimeout(resolve, intervalMs));
    }
    const costs = runs.map(({ name, costs, most }) => {
      const sorted = costs.sort((a, b) => a - b);
      return { name, median: sorted[Math.floor(count / 2)] as number, mean: sorted.reduce((sum, cost) => sum + cost, 0) / count, most };
    });
    return { reports: count, members, costs, longTasks };
  },
};

declare global {
  var bench: typeof page;
}
globalThis.bench = page;
