/** What leaves the page: addresses and session descriptions only where the app keeps them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { launchChromium } from "../src/browsers.ts";
import { optionsOf, visit } from "../src/loopback.ts";
import { during, setUp } from "../src/setup.ts";
import { Sidetone } from "../src/sidetone.ts";

let browser: Browser;

setUp(async (start) => void (browser = await start("Chromium", launchChromium())));

/** Everything that a page sends during a call, as text: its policy forbids WebAssembly, so that it sends JSON. */
async function sent(sidetone: Sidetone, conference: string): Promise<string> {
  const policy = `default-src 'none'; img-src data:; script-src 'self' ${sidetone.url}; connect-src ${sidetone.url}`;
  const visited = await visit(browser, sidetone, { policy });
  const bodies: string[] = [];
  visited.page.on("request", (request) => {
    const body = request.postDataBuffer();
    if (body) bodies.push((request.headers()["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString());
  });
  await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    // So that the app's policy is known before there is something to tell.
    await client.flush();
    client.observeAll();
    await loopback.connect();
    await loopback.until(() => loopback.reports.every((count) => count >= 2));
    await loopback.leave(client);
  }, optionsOf(sidetone, conference));
  await visited.close();
  return bodies.join("\n");
}

const ADDRESS = /"(address|ip|relatedAddress)":"(\d+\.\d+\.\d+\.\d+|[\da-f]*:[\da-f:]+)"/;

test("no address and no session description leaves the page unless the app keeps them", () =>
  during(async (start) => {
    const sidetone = await start("Sidetone", Sidetone.start());
    const text = await sent(sidetone, "hidden");
    assert.match(text, /"type":"local-candidate"/);
    assert.match(text, /"address":"ipv4-(private|public)"/);
    assert.doesNotMatch(text, ADDRESS);
    assert.doesNotMatch(text, /v=0|a=candidate/);
  }));

test("an app that keeps them gets them", () =>
  during(async (start) => {
    const sidetone = await start("Sidetone", Sidetone.start({ app: ["--keep-addresses"] }));
    const text = await sent(sidetone, "kept");
    assert.match(text, ADDRESS);
    const { key } = await sidetone.conference("kept");
    const events = await sidetone.events(key);
    for (const kind of ["set_local_description", "set_remote_description"]) {
      assert.match(String(events.find((event) => event.kind === kind)?.payload["sdp"]), /^v=0\r\n/, kind);
    }
  }));
