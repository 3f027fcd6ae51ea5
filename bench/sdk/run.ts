// What measuring costs a page: CPU per report as a ratio to JSON.stringify of the same report, beside two other libraries.
//
// Each takes the same recorded reports as a Map, as `getStats()` gives them. Rounds are paired: in each, JSON.stringify and every library take the
// whole trace one after another, so that a busy machine slows all of them alike; told are the median of the rounds' ratios, and the ratio of the
// least costs, which a busy machine disturbs less. Time of the main thread once everything is compiled, garbage included.

import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { engineOf } from "../../packages/sdk/src/engine/index.ts";
import { clientMonitor, type Contender, issueDetector, json, type Report, sidetone } from "./contenders.ts";

const TRACES = ["av-pc0", "lite/av-pc0", "audio-pc0", "firefox/firefox-av-pc0"];
const ROUNDS = 41;
const WARM_UP = 60;
/** How often a trace is taken on one connection: once, which is as it begins, and as it lasts. */
const TIMES = [1, 5];

interface Taken {
  readonly timeMs: number;
  readonly report: Report;
}

const modules = ["encoder", "engine"].map((name) => readFileSync(new URL(`../../packages/sdk/generated/${name}.wasm`, import.meta.url)));
// What the other libraries look for in a page.
Object.assign(globalThis, { window: globalThis, navigator: { userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36" } });
const engines = await Promise.all(modules.map(async (module) => engineOf((await WebAssembly.instantiate(module)).instance)));
const CONTENDERS = [...engines.map(sidetone), issueDetector, clientMonitor];

/** Microseconds per report of a new connection that has a whole trace so many times, one after the other. */
async function cost(contender: Contender, trace: readonly Taken[], times: number): Promise<number> {
  const lengthMs = (trace.at(-1) as Taken).timeMs - (trace[0] as Taken).timeMs + 1000;
  const before = performance.now();
  const taker = contender.start();
  for (let time = 0; time < times; time++) {
    for (const { timeMs, report } of trace) {
      const taken = taker.take(timeMs + time * lengthMs, report);
      if (taken) await taken;
    }
  }
  taker.end();
  return (1000 * (performance.now() - before)) / (times * trace.length);
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

async function bundle(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, minify: true, write: false, format: "esm", platform: "browser", define: { "import.meta.url": '""', VERSION: '""', ENGINE_INTEGRITY: '""', ENCODER_INTEGRITY: '""', ENGINE_TAG: '""', ENCODER_TAG: '""' } });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

const path = (name: string) => new URL(import.meta.resolve(name)).pathname;
const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
const DOWNLOADS: (readonly [name: string, bytes: Uint8Array | undefined])[] = [
  ["Sidetone's collector", await bundle(new URL("../../packages/sdk/src/index.ts", import.meta.url).pathname)],
  ["its encoder", modules[0]],
  ["or its engine", modules[1]],
  ["webrtc-issue-detector", await bundle(path("webrtc-issue-detector"))],
  ["client-monitor-js", await bundle(path("@observertc/client-monitor-js"))],
];
for (const [name, bytes = new Uint8Array()] of DOWNLOADS) {
  console.log(`${name}: gzip -9 ${kilobytes(gzipSync(bytes, { level: 9 }).length)}, Brotli ${kilobytes(brotliCompressSync(bytes).length)}`);
}
for (const [name, times] of TRACES.flatMap((name) => TIMES.map((times) => [name, times] as const))) {
  const trace = read(name);
  const ratios = CONTENDERS.map((): number[] => []);
  const least = CONTENDERS.map(() => Infinity);
  const bases: number[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const base = await cost(json, trace, times);
    const costs: number[] = [];
    for (const contender of CONTENDERS) costs.push(await cost(contender, trace, times));
    if (round < 0) continue;
    bases.push(base);
    costs.forEach((microseconds, index) => {
      ratios[index]?.push(microseconds / base);
      least[index] = Math.min(least[index] as number, microseconds);
    });
  }
  const leastBase = Math.min(...bases);
  console.log(`${name}, ${times === 1 ? "a new connection" : `${times} times on one connection`}: JSON.stringify ${median(bases).toFixed(1)} µs, at least ${leastBase.toFixed(1)}`);
  CONTENDERS.forEach(({ name }, index) => console.log(`  ${median(ratios[index] ?? []).toFixed(2)}  ${((least[index] as number) / leastBase).toFixed(2)}  ${name}`));
}
// Timers of the other libraries.
process.exit(0);
