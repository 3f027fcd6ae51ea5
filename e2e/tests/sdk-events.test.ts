/** What the SDK tells beside reports, from real happenings in Chromium to what the server has of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Browser } from "playwright-core";
import { launchChromium } from "../src/browsers.ts";
import { optionsOf, visit } from "../src/loopback.ts";
import { during, setUp } from "../src/setup.ts";
import { type EventBody, Sidetone } from "../src/sidetone.ts";

let sidetone: Sidetone;
let browser: Browser;

setUp(async (start) => {
  sidetone = await start("Sidetone", Sidetone.start());
  browser = await start("Chromium", launchChromium());
});

/** What the server has of a conference. */
async function told(conference: string): Promise<readonly EventBody[]> {
  return sidetone.events((await sidetone.conference(conference)).key);
}

test("devices and screens that the user refuses are told without wrapping connections", () =>
  during(async (start) => {
    const refusing = await start("Chromium that refuses", launchChromium(["--use-fake-ui-for-media-stream=deny"]));
    const visited = await visit(refusing, sidetone);
    const seen = await visited.page.evaluate(async (options) => {
      const client = loopback.join(options);
      const { getUserMedia } = navigator.mediaDevices;
      const handles = [client.observeDevices(), client.observeDevices()];
      const isWrapped = [/native code/.test(`${RTCPeerConnection}`), navigator.mediaDevices.getUserMedia === getUserMedia];
      const name = (error: unknown) => (error as Error).name;
      const errors = [await navigator.mediaDevices.getUserMedia({ audio: true }).catch(name), await navigator.mediaDevices.getDisplayMedia({ video: true }).catch(name)];
      handles[0]?.stop();
      const isRestored = navigator.mediaDevices.getUserMedia === getUserMedia;
      await loopback.leave(client);
      return { handles: handles.map((handle) => !!handle), isWrapped, errors, isRestored, failures: loopback.failures.map(({ code }) => code) };
    }, optionsOf(sidetone, "refused"));
    await visited.close();
    assert.deepEqual(seen, { handles: [true, false], isWrapped: [true, false], errors: ["NotAllowedError", "NotAllowedError"], isRestored: true, failures: ["already_observed"] });
    const failed = (await told("refused")).filter(({ kind }) => kind.endsWith("_failed"));
    assert.deepEqual(
      failed.map(({ kind, payload }) => [kind, payload["error"], payload["audio"], payload["video"]]),
      [
        ["get_user_media_failed", "NotAllowedError", true, false],
        ["get_display_media_failed", "NotAllowedError", false, true],
      ],
    );
  }));

test("a stand-in for getUserMedia that gives no promise gets what it gives", async () => {
  const visited = await visit(browser, sidetone, { before: ["navigator.mediaDevices.getUserMedia = () => undefined; navigator.mediaDevices.getDisplayMedia = () => 7;"] });
  const given = await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    client.observeAll();
    const given = [await navigator.mediaDevices.getUserMedia(), await navigator.mediaDevices.getDisplayMedia()] as unknown[];
    await loopback.leave(client);
    return given;
  }, optionsOf(sidetone, "stand-in"));
  await visited.close();
  assert.deepEqual([given, visited.complaints], [[undefined, 7], []]);
});
