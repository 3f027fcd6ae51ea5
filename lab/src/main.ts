/**
 * `record FOLDER SPEECH SEED CALLS AT_ONCE`: records calls into FOLDER, each as `NNN.json` (settings, seed, readings, which speech)
 * and `NNN.pcm` (what was heard: 48 kHz, 16 bit, mono). A call that is there already is not placed again.
 */

import { buildSync } from "esbuild";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

import { launch } from "./chromium.ts";
import { type Condition, isTestTalker, part } from "./condition.ts";
import type { lab } from "../page/call.ts";
import { plan } from "./plan.ts";
import { seeded } from "./random.ts";
import { Relay, type Side } from "./relay.ts";

declare const globalThis: { lab: typeof lab };

/** Segments of speech in a call, and how long each is. */
const SEGMENTS = 4;
const SEGMENT_MS = 8000;
/** Before the first segment and after the last: bit rate and jitter buffer settle, and what path and buffer hold is heard. */
const AROUND_MS = 9000;

const [folder = "", speechFolder = "", seedText = "1", countText = "8", atOnceText = "2"] = process.argv.slice(2);
const seed = Number(seedText);
mkdirSync(folder, { recursive: true });

/** Names of the segments of speech: `talker-language-number`. */
const speech = readdirSync(speechFolder)
  .filter((name) => name.endsWith(".pcm"))
  .map((name) => name.slice(0, -".pcm".length))
  .sort();

interface Placement {
  readonly id: string;
  readonly seed: number;
  readonly condition: Condition;
  /** Segments of speech in the order in which they are spoken. */
  readonly speech: readonly string[];
}

/** A condition of the test part is only heard with talkers of that part, and the others with the other talkers. */
function placement(condition: Condition, index: number): Placement {
  const callSeed = seed * 1000 + index;
  const random = seeded(callSeed);
  const isTest = part(condition) === "test";
  const talkers = speech.filter((name) => isTestTalker(name.split("-")[0]!) === isTest);
  const drawn = Array.from({ length: SEGMENTS }, () => talkers.splice(Math.floor(random() * talkers.length), 1)[0]!);
  return { id: String(index).padStart(3, "0"), seed: callSeed, condition, speech: drawn };
}

const placements = plan(seed, Number(countText)).map(placement);
const browser = await launch();
const site = await serve();
const waiting = placements.filter(({ id }) => !existsSync(`${folder}/${id}.json`));
await Promise.all(Array.from({ length: Number(atOnceText) }, work));
await browser.close();
site.close();

async function work(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) await place(next);
}

/** Each call has a page of its own: Chromium keeps what a closed call decoded for as long as its page lives. */
async function place(placement: Placement): Promise<void> {
  const { id, condition } = placement;
  const relay = new Relay(placement.seed);
  relay.forward.impairment = condition;
  relay.back.impairment = { delay_ms: condition.delay_ms ?? 0 };
  const page = await browser.newPage();
  page.on("console", (message) => console.error(id, message.text()));
  await page.exposeFunction("relayCandidate", (side: Side, line: string) => relay.candidate(side, line));
  await page.goto(site.url);
  await page.evaluate(([id, condition]) => globalThis.lab.open(id, condition), [id, condition] as const);
  await sleep(SEGMENTS * SEGMENT_MS + AROUND_MS);
  const outcome = await page.evaluate((id) => globalThis.lab.close(id), id);
  await page.close();
  await relay.close();
  const fate = { forward: relay.forward.fate, back: relay.back.fate };
  const recorded_at = new Date().toISOString();
  writeFileSync(`${folder}/${id}.json`, JSON.stringify({ ...placement, part: part(condition), browser: browser.version(), recorded_at, fate, ...outcome }));
  console.log(id, JSON.stringify(condition), JSON.stringify(fate.forward));
}

/** The page, the speech of each call, and where recordings are posted. */
async function serve(): Promise<{ url: string; close(): void }> {
  const entry = fileURLToPath(new URL("../page/call.ts", import.meta.url));
  const script = buildSync({ entryPoints: [entry], bundle: true, write: false, format: "iife", target: "es2022" }).outputFiles[0]!.text;
  const server = createServer((request, response) => {
    const id = request.url?.split("/").at(-1) ?? "";
    if (request.method === "POST") {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        writeFileSync(`${folder}/${id}.pcm`, Buffer.concat(chunks));
        response.end();
      });
    } else if (request.url?.startsWith("/speech/")) {
      const spoken = placements.find((placement) => placement.id === id)?.speech ?? [];
      response.end(Buffer.concat(spoken.map((name) => readFileSync(`${speechFolder}/${name}.pcm`))));
    } else {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      response.end(`<!doctype html><meta charset="utf-8"><title>lab</title><link rel="icon" href="data:,"><script>${script}</script>`);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
