/**
 * `faults FOLDER SPEECH ASSETS SEED ROUNDS AT_ONCE [FAULT…]`: records trials into FOLDER, each as `ID.json` (what was done when, and what was
 * filmed and seen) and a folder `ID` with the batches that its pages posted and the pictures that they kept. ASSETS holds the SDK as
 * `cargo xtask assets` builds it. A trial that is there already is not played again.
 */

import { buildSync } from "esbuild";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { Browser } from "playwright-core";

import { launch } from "./chromium.ts";
import { seeded } from "./random.ts";
import { Stage } from "./stage.ts";
import { PARTIES, type Trial, trials } from "./trial.ts";

/** Segments of speech that a party repeats. */
const SEGMENTS = 3;

const [folder = "", speechFolder = "", assets = "", seedText = "1", roundsText = "1", atOnceText = "2", ...only] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const all = trials(Number(seedText), Number(roundsText)).filter(({ fault }) => only.length === 0 || only.includes(fault));
const site = await serve();
const waiting = all.filter(({ id }) => !existsSync(`${folder}/${id}.json`));
/** Started before the first trial, because that takes a machine's whole attention; and trials are played in step, because so does their begin. */
const browsers: Browser[] = await Promise.all(Array.from({ length: Math.max(3, 2 * Number(atOnceText)) }, () => launch()));
for (let places = 0; waiting[0]; places = 0) {
  const together: Promise<void>[] = [];
  while (waiting[0] && places + waiting[0].parties <= browsers.length) {
    const trial = waiting.shift()!;
    // Three parties want the machine for themselves.
    if (trial.parties > 2 && places > 0) {
      waiting.unshift(trial);
      break;
    }
    together.push(play(trial, browsers.slice(places, places + trial.parties)));
    places += trial.parties > 2 ? browsers.length : trial.parties;
  }
  await Promise.all(together);
}
await Promise.all(browsers.map((browser) => browser.close()));
site.close();

async function play(trial: Trial, browsers: readonly Browser[]): Promise<void> {
  rmSync(`${folder}/${trial.id}`, { recursive: true, force: true });
  mkdirSync(`${folder}/${trial.id}`, { recursive: true });
  try {
    const outcome = await Stage.play(trial, site.url, browsers);
    const recorded_at = new Date().toISOString();
    writeFileSync(`${folder}/${trial.id}.json`, JSON.stringify({ ...trial, recorded_at, ...outcome }));
    console.log(trial.id, trial.whose, trial.part, JSON.stringify(trial.impairment), `late ${outcome.late_ms} ms, at most ${outcome.late_max_ms} ms`);
  } catch (error) {
    console.error(trial.id, "was not recorded:", error);
  }
}

/** What a party says: segments of one talker, another one for each party. */
function speech(trial: Trial, name: string): Buffer {
  const segments = readdirSync(speechFolder).filter((segment) => segment.endsWith(".pcm")).sort();
  const talkers = [...new Set(segments.map((segment) => segment.split("-")[0]!))];
  const random = seeded(trial.seed ^ 0x7a1c);
  const first = Math.floor(random() * talkers.length);
  const place = PARTIES.findIndex((party) => party === name);
  const talker = talkers[(first + place) % talkers.length]!;
  const own = segments.filter((segment) => segment.startsWith(`${talker}-`)).slice(0, SEGMENTS);
  return Buffer.concat(own.map((segment) => readFileSync(`${speechFolder}/${segment}`)));
}

/** The page, the SDK, what is said, and where batches and pictures are posted. */
async function serve(): Promise<{ url: string; close(): void }> {
  const entry = fileURLToPath(new URL("../page/party.ts", import.meta.url));
  const script = buildSync({ entryPoints: [entry], bundle: true, write: false, format: "iife", target: "es2022" }).outputFiles[0]!.text;
  const page = `<!doctype html><meta charset="utf-8"><title>lab</title><link rel="icon" href="data:,"><script src="/sdk/sidetone.js"></script><script>${script}</script>`;
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const [, what, id = "", name = "", number = ""] = (request.url ?? "").split("?")[0]!.split("/");
    const trial = all.find((trial) => trial.id === (what === "v1" ? request.headers.authorization?.slice("Bearer ".length) : id));
    const answer = (value: object) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    void (async () => {
      if (what === "sdk") {
        response.writeHead(200, { "content-type": id.endsWith(".wasm") ? "application/wasm" : "text/javascript" });
        response.end(readFileSync(`${assets}/sdk/${id}`));
      } else if (what === "v1" && id === "app") {
        answer({ keep_addresses: false, keep_sdp: false });
      } else if (what === "v1" && trial) {
        const count = counts.get(trial.id) ?? 0;
        counts.set(trial.id, count + 1);
        const form = request.headers["content-type"]?.includes("json") ? "json" : "sb";
        await writeFile(`${folder}/${trial.id}/${String(count).padStart(3, "0")}.${form}`, await body(request));
        answer({ conference: trial.id, participant: "", status: "stored" });
      } else if (what === "picture" && trial) {
        // Not at once: the relay works in this thread too.
        await mkdir(`${folder}/${id}/${name}`, { recursive: true });
        await writeFile(`${folder}/${id}/${name}/${number}.png`, await body(request));
        answer({});
      } else if (what === "speech" && trial) {
        response.end(speech(trial, name));
      } else {
        response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
      }
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
}
