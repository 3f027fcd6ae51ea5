// The same in Chromium: two pages call each other, and one of them gives every report of its connection to all.
//
// Its reports are those of the browser, which makes the objects of a report anew each time somebody asks for them: that is part of what each
// pays. The page is isolated, so that its clock tells 5 µs.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import type { Page } from "playwright-core";
import { launchChromium } from "../../e2e/src/browsers.ts";

const REPORTS = 400;
const INTERVAL_MS = 100;

const { outputFiles } = await build({
  entryPoints: [new URL("page.ts", import.meta.url).pathname],
  bundle: true,
  minify: true,
  write: false,
  format: "iife",
  platform: "browser",
  target: "chrome120",
  define: { "import.meta.url": '""', ENGINE_INTEGRITY: '""', ENCODER_INTEGRITY: '""', global: "globalThis" },
});
const files: Record<string, readonly [type: string, body: Uint8Array | string]> = {
  "/": ["text/html", "<!doctype html><script src=/page.js></script>"],
  "/page.js": ["text/javascript", outputFiles[0]?.contents ?? ""],
  "/encoder.wasm": ["application/wasm", readFileSync(new URL("../../packages/sdk/generated/encoder.wasm", import.meta.url))],
  "/engine.wasm": ["application/wasm", readFileSync(new URL("../../packages/sdk/generated/engine.wasm", import.meta.url))],
};
const server = createServer(({ url }, response) => {
  const [type, body] = files[url ?? ""] ?? ["text/plain", ""];
  response.setHeader("Content-Type", type);
  response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
  response.end(body);
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

const browser = await launchChromium();
try {
  const [ada, bob] = (await Promise.all([browser.newPage(), browser.newPage()])) as [Page, Page];
  for (const page of [ada, bob]) await page.goto(origin);
  const offer = await ada.evaluate(() => bench.offer());
  const answer = await bob.evaluate((offer) => bench.answer(offer), offer);
  await ada.evaluate((answer) => bench.accept(answer), answer);
  const measured = await ada.evaluate(([count, interval]) => bench.measure({ encoder: "/encoder.wasm", engine: "/engine.wasm" }, count, interval), [REPORTS, INTERVAL_MS] as const);
  const base = measured.costs[0]?.median ?? 0;
  console.log(`Chromium ${browser.version()}: ${measured.reports} reports of about ${measured.members} members, ${measured.longTasks} tasks of more than 50 ms`);
  for (const { name, median, mean, most } of measured.costs) {
    console.log(`  ${(median / base).toFixed(2)}  ${(1000 * median).toFixed(0)} µs, on average ${(1000 * mean).toFixed(0)}, at most ${most.toFixed(1)} ms  ${name}`);
  }
} finally {
  await browser.close();
  server.close();
}
