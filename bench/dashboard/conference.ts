// An hour of four people on the dashboard: what the server needs for the page and its series, and when Chromium has painted the charts.
//
//   cargo run --release --manifest-path bench/Cargo.toml --bin hour -- FILE
//   SIDETONE_BINARY=(a release build) npm run --workspace bench/dashboard conference -- FILE

import assert from "node:assert/strict";
import { launchChromium } from "../../e2e/src/browsers.ts";
import { Sidetone, run } from "../../e2e/src/sidetone.ts";

const ROUNDS = 20;

const [file] = process.argv.slice(2);
assert.ok(file, "say which file `hour` wrote");

function say(what: string, [first = NaN, ...rest]: readonly number[]): void {
  const times = [...rest].sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? NaN).toFixed(0);
  console.log(`${what.padEnd(64)} first ${first.toFixed(0).padStart(5)} ms   p50 ${at(0.5).padStart(5)} ms   max ${at(1).padStart(5)} ms`);
}

async function times(body: () => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) all.push(await body());
  return all;
}

async function timed(body: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await body();
  return performance.now() - began;
}

const sidetone = await Sidetone.start();
const browser = await launchChromium();
try {
  console.log(`imported and finalised in ${((await timed(async () => run("import", file, "--app", "e2e", "--data", sidetone.data))) / 1000).toFixed(1)} s`);
  const conference = await sidetone.finalised("an hour of four");
  const [connection] = conference.peer_connections;
  assert.ok(connection);
  console.log(`${conference.peer_connections.length} peer connections, ${conference.peer_connections.reduce((sum, { report_count }) => sum + report_count, 0)} reports\n`);

  const reader = await sidetone.logIn();
  const path = `/conferences/${conference.key}`;
  say("the server: the conference's page", await times(() => timed(() => reader.text(path))));
  const series = `/v1/peer-connections/${connection.key}/series`;
  say("the server: series of an end, one metric, 600 slots", await times(() => timed(() => sidetone.get(`${series}?metrics=mos_lq&slots_max=600`))));
  say("the server: series of an end, all metrics, 600 slots", await times(() => timed(() => sidetone.get(`${series}?slots_max=600`))));
  say("the server: series of an end, all metrics, 10 minutes by second", await times(() => timed(() => sidetone.get(`${series}?slots_max=600&until_ms=${1_767_225_600_000 + 600_000}`))));

  const context = await browser.newContext({ baseURL: sidetone.url, viewport: { width: 1280, height: 900 } });
  await context.addCookies([{ ...reader.cookie, url: sidetone.url }]);
  const page = await context.newPage();
  const painted = async (): Promise<number> => {
    await page.goto(path);
    // The page writes down when it painted, in its own time since the click.
    return Number(await page.locator("[data-charts][data-painted]").first().getAttribute("data-painted"));
  };
  say("Chromium: from the click to painted charts of both ends", await times(painted));
} finally {
  await browser.close();
  await sidetone.stop();
}
