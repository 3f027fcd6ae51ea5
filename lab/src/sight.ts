/**
 * `sight FOLDER TABLE`: how the pictures of the trials in FOLDER were seen, a row for each eight seconds of each way: which were shown and when,
 * by their bar codes, and how like what was filmed they were, by ffmpeg's PSNR and SSIM of one picture every two seconds.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import type { Page } from "playwright-core";

import type { Sight } from "../page/camera.ts";
import type { repainting } from "../page/repaint.ts";
import { launch } from "./chromium.ts";
import type { Outcome } from "./stage.ts";
import { PARTIES, type Trial } from "./trial.ts";

declare const globalThis: { repainting: typeof repainting };

const WINDOW_MS = 8000;
/** A freeze, by webrtc-stats: a gap of three times the mean of the last thirty, or of 150 ms more than it. */
const FREEZE = { times: 3, more_ms: 150, of: 30 } as const;

const [folder = "", table = ""] = process.argv.slice(2);
const browser = await launch();
const page = await browser.newPage();
const entry = fileURLToPath(new URL("../page/repaint.ts", import.meta.url));
await page.addScriptTag({ content: buildSync({ entryPoints: [entry], bundle: true, write: false, format: "iife", target: "es2022" }).outputFiles[0]!.text });

const columns = ["trial", "from", "to", "begin_ms", "filmed", "shown", "repeated", "freezes", "frozen_ms", "delay_ms", "compared", "psnr_db", "ssim"];
const rows = [columns.join()];
for (const name of readdirSync(folder).filter((name) => name.endsWith(".json")).sort()) {
  const trial = JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as Trial & Outcome;
  for (const [to, { seen }] of Object.entries(trial.accounts)) {
    for (const [from, sights] of Object.entries(seen)) {
      const likeness = await compare(page, trial, from, to);
      for (let begin = trial.connected_ms; begin + WINDOW_MS <= trial.ended_ms; begin += WINDOW_MS) {
        rows.push([trial.id, from, to, begin, ...row(trial.accounts[from]!.filmed, sights, likeness, begin)].join());
      }
    }
  }
}
await browser.close();
writeFileSync(table, `${rows.join("\n")}\n`);

interface Likeness {
  readonly psnr_db: number;
  readonly ssim: number;
}

function row(filmed: readonly Sight[], seen: readonly Sight[], likeness: ReadonlyMap<number, Likeness>, begin: number): (number | string)[] {
  const inside = ([time]: Sight) => time >= begin && time < begin + WINDOW_MS;
  const when = new Map(filmed.map(([time, number]) => [number, time]));
  const there = filmed.filter(inside);
  // What was filmed in the window counts as shown whenever it came.
  const shownAt = new Map<number, number>();
  for (const [time, number] of seen) if (!shownAt.has(number)) shownAt.set(number, time);
  const shown = there.filter(([, number]) => shownAt.has(number));
  const delays = shown.map(([time, number]) => shownAt.get(number)! - time).sort((a, b) => a - b);
  const rendered = seen.map((sight, at) => ({ sight, at })).filter(({ sight }) => inside(sight));
  const repeated = rendered.filter(({ sight, at }) => at > 0 && sight[1] === seen[at - 1]![1]).length;
  const frozen = freezes(seen, begin, begin + WINDOW_MS);
  const compared = rendered.flatMap(({ sight: [, number] }) => (when.has(number) && likeness.has(number) ? [likeness.get(number)!] : []));
  const mean = (values: readonly number[]) => (values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : NaN);
  const told = (value: number, digits: number) => (Number.isFinite(value) ? value.toFixed(digits) : "");
  return [
    there.length, shown.length, repeated, frozen.count, Math.round(frozen.ms), told(delays[Math.floor(delays.length / 2)] ?? NaN, 0), compared.length,
    told(mean(compared.map(({ psnr_db }) => psnr_db)), 2), told(mean(compared.map(({ ssim }) => ssim)), 4),
  ];
}

/** The freezes of a window; one that reaches beyond it counts as far as it lies within. */
function freezes(seen: readonly Sight[], begin: number, end: number): { count: number; ms: number } {
  const gaps: number[] = [];
  let [count, ms] = [0, 0];
  // What lasts to the end of all lasts to the end of the window. Before the first picture nothing is frozen.
  const times = seen.map(([time]) => time);
  if ((times.at(-1) ?? end) < end) times.push(end);
  for (let at = 1; at < times.length; at++) {
    const [from, to] = [times[at - 1]!, times[at]!];
    const recent = gaps.slice(-FREEZE.of);
    const mean = recent.reduce((sum, gap) => sum + gap, 0) / Math.max(1, recent.length);
    if (recent.length === FREEZE.of && to - from >= Math.max(FREEZE.times * mean, mean + FREEZE.more_ms)) {
      const within = Math.min(to, end) - Math.max(from, begin);
      if (within > 0) [count, ms] = [count + 1, ms + within];
    }
    gaps.push(to - from);
  }
  return { count, ms };
}

/** The pictures that `to` kept of those that `from` filmed, against these painted anew. */
async function compare(page: Page, trial: Trial, from: string, to: string): Promise<Map<number, Likeness>> {
  const kept = `${folder}/${trial.id}/${from}-${to}`;
  const names = existsSync(kept) ? readdirSync(kept).filter((name) => name.endsWith(".png")).sort() : [];
  if (names.length === 0) return new Map();
  const painted = `${folder}/${trial.id}/painted-${from}-${to}`;
  mkdirSync(painted, { recursive: true });
  const numbers = names.map((name) => Number(name.slice(0, -".png".length)));
  const seed = trial.seed + PARTIES.findIndex((party) => party === from);
  const pictures = await page.evaluate(([seed, numbers]) => globalThis.repainting.repaint(seed, numbers), [seed, numbers] as const);
  pictures.forEach((picture, at) => writeFileSync(`${painted}/${names[at]}`, Buffer.from(picture, "base64")));
  const input = (folder: string) => ["-pattern_type", "glob", "-i", `${folder}/*.png`];
  const filter = (name: string) => `[0]format=yuv420p[seen];[1]format=yuv420p[filmed];[seen][filmed]${name}=stats_file=-`;
  const told = (name: string) => {
    const text = execFileSync("ffmpeg", ["-v", "error", ...input(kept), ...input(painted), "-lavfi", filter(name), "-f", "null", "/dev/null"], { encoding: "utf8" });
    return text.split("\n").filter(Boolean);
  };
  const [psnr, ssim] = [told("psnr"), told("ssim")];
  // Both list their lines in the order of the names. Of two that are alike the ratio is without bound.
  return new Map(
    numbers.map((number, at) => {
      const db = /psnr_avg:(\S+)/.exec(psnr[at] ?? "")?.[1];
      return [number, { psnr_db: db === "inf" ? 100 : Number(db), ssim: Number(/All:(\S+)/.exec(ssim[at] ?? "")?.[1]) }];
    }),
  );
}
