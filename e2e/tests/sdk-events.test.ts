/** What the SDK tells beside reports, from real happenings in Chromium to what the server has of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Browser } from "playwright-core";
import { launchChromium, launchKeeping } from "../src/browsers.ts";
import { optionsOf, visit } from "../src/loopback.ts";
import { during, setUp } from "../src/setup.ts";
import { type EventBody, freePort, Sidetone } from "../src/sidetone.ts";
import { until } from "../src/wait.ts";

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

test("candidates, channels, names of tracks, devices and the network are told", async () => {
  const visited = await visit(browser, sidetone);
  const { page } = visited;
  const port = await freePort();
  const known = await page.evaluate(async ({ options, port }) => {
    const client = loopback.join(options);
    client.observeAll();
    const [from, to] = await loopback.connect();
    // At both ends the track has the same id.
    client.label(from.getSenders()[0]!.track!, { label: "headset", userId: "ada" });
    from.createDataChannel("chat");
    await from.setLocalDescription();
    await to.setRemoteDescription(from.localDescription!);
    await to.setLocalDescription();
    await from.setRemoteDescription(to.localDescription!);
    // Nobody listens at this port.
    const lost = new RTCPeerConnection({ iceServers: [{ urls: `turn:127.0.0.1:${port}?transport=tcp`, username: "ada", credential: "secret" }] });
    const failed = new Promise((resolve) => lost.addEventListener("icecandidateerror", resolve));
    lost.createDataChannel("none");
    await lost.setLocalDescription();
    await failed;
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
    await loopback.until(() => loopback.reports.every((count) => count >= 3));
    Object.assign(globalThis, { client });
    const devices = await navigator.mediaDevices.enumerateDevices();
    const outbound = [...(await from.getStats()).values()].find(({ type }) => type === "outbound-rtp") as { ssrc: number };
    return { ssrc: outbound.ssrc, microphones: devices.filter(({ kind }) => kind === "audioinput").length };
  }, { options: optionsOf(sidetone, "happenings"), port });
  const network = await page.context().newCDPSession(page);
  await page.evaluate(() => (navigator as Navigator & { connection: EventTarget }).connection.addEventListener("change", () => Object.assign(globalThis, { hasChanged: true })));
  await network.send("Network.enable");
  await network.send("Network.emulateNetworkConditions", { offline: false, latency: 300, downloadThroughput: 50_000, uploadThroughput: 50_000, connectionType: "cellular3g" });
  await page.waitForFunction(() => "hasChanged" in globalThis);
  const now = await page.evaluate(() => {
    const { effectiveType, downlink, rtt } = (navigator as Navigator & { connection: { effectiveType: string; downlink: number; rtt: number } }).connection;
    return [effectiveType, downlink, rtt];
  });
  await page.evaluate(() => loopback.leave((globalThis as unknown as { client: Parameters<typeof loopback.leave>[0] }).client));
  await visited.close();
  const events = await told("happenings");
  const payloads = (wanted: string) => events.filter(({ kind }) => kind === wanted).map(({ payload }) => payload);
  assert.ok(payloads("ice_candidate").some(({ type, protocol, address }) => type === "host" && protocol === "udp" && /^ipv4-/.test(String(address))));
  assert.ok(payloads("ice_candidate").some((payload) => Object.keys(payload).length === 0), "the end of candidates");
  assert.ok(payloads("ice_candidate_error").some(({ error_code, url }) => error_code === 701 && url === `turn:ipv4-private:${port}?transport=tcp`), JSON.stringify(payloads("ice_candidate_error")));
  assert.deepEqual(payloads("data_channel"), [{ label: "chat" }]);
  assert.deepEqual(
    payloads("stream_label").map(({ direction, ssrc, kind, label, remote_user_id }) => [direction, ssrc, kind, label, remote_user_id]).sort(),
    [
      ["inbound", known.ssrc, "audio", "headset", "ada"],
      ["outbound", known.ssrc, "audio", "headset", "ada"],
    ],
  );
  assert.deepEqual(payloads("device_change").map(({ audioinput }) => audioinput), [known.microphones]);
  assert.ok(payloads("network_change").length >= 2, "as it was, and as it became");
  assert.deepEqual(["effective_type", "downlink_mbps", "rtt_ms"].map((name) => payloads("network_change").at(-1)?.[name]), now);
});

test("a page that is hidden says so at once, and so does one that is frozen and goes on", async () => {
  const visited = await visit(browser, sidetone);
  const { page } = visited;
  await page.evaluate(async (options) => {
    // What is sent before the hour is over is sent because the page is hidden.
    const client = loopback.join({ ...options, uploadIntervalMs: 3_600_000 });
    await client.flush();
    Object.assign(globalThis, { client });
  }, optionsOf(sidetone, "hidden"));
  // Headless Chromium shows every page and freezes none: what it would do then is done to the page.
  const happens = (name: string, state: "hidden" | "visible") =>
    page.evaluate(([name, state]) => {
      Object.defineProperty(document, "visibilityState", { configurable: true, value: state });
      document.dispatchEvent(new Event(name!));
    }, [name, state]);
  const kinds = async () => (await told("hidden")).map(({ kind }) => kind);
  await happens("visibilitychange", "hidden");
  await until("the server hears that the page is hidden", async () => (await kinds()).includes("page_hidden"));
  await happens("freeze", "hidden");
  await happens("resume", "hidden");
  await happens("visibilitychange", "visible");
  await page.evaluate(() => loopback.leave((globalThis as unknown as { client: Parameters<typeof loopback.leave>[0] }).client));
  await visited.close();
  const about = (await kinds()).filter((kind) => kind.startsWith("page_"));
  assert.deepEqual(about, ["page_hidden", "page_frozen", "page_resumed", "page_visible"]);
});

test("a page that is left and come back to goes on with the same stay", () =>
  during(async (start) => {
    const keeping = await start("Chromium that keeps pages", launchKeeping());
    const visited = await visit(keeping, sidetone);
    const { page } = visited;
    await page.evaluate(async (options) => {
      const client = loopback.join({ ...options, uploadIntervalMs: 3_600_000 });
      await client.flush();
      addEventListener("pageshow", ({ persisted }) => Object.assign(globalThis, { client, isBack: persisted }));
    }, optionsOf(sidetone, "back"));
    await page.goto(`${page.url()}elsewhere`);
    await page.evaluate(() => void setTimeout(() => history.back()));
    await page.waitForFunction(() => "isBack" in globalThis);
    await page.evaluate(() => loopback.leave((globalThis as unknown as { client: Parameters<typeof loopback.leave>[0] }).client));
    await visited.close();
    const kinds = (await told("back")).map(({ kind }) => kind).filter((kind) => kind === "left" || kind.startsWith("page_"));
    assert.deepEqual(kinds, ["page_hidden", "page_frozen", "page_resumed", "page_visible", "left"]);
    assert.equal((await sidetone.conference("back")).participants.length, 1);
  }));

test("a stopped transceiver, and devices that nobody can count, are told as far as they can be", async () => {
  const visited = await visit(browser, sidetone, { before: ["navigator.mediaDevices.enumerateDevices = () => undefined;"] });
  const track = await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    const [from, to] = await loopback.connect(["audio", "video"]);
    client.observe(from);
    const video = from.getTransceivers().find(({ sender }) => sender.track?.kind === "video")!;
    const track = video.sender.track!.id;
    video.stop();
    await from.setLocalDescription();
    await to.setRemoteDescription(from.localDescription!);
    await to.setLocalDescription();
    await from.setRemoteDescription(to.localDescription!);
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
    await loopback.until(() => loopback.reports[0]! >= 3);
    await loopback.leave(client);
    return track;
  }, optionsOf(sidetone, "stopped"));
  await visited.close();
  assert.deepEqual(visited.complaints, []);
  const removed = (await told("stopped")).filter(({ kind }) => kind === "remove_track");
  assert.deepEqual(removed.map(({ payload }) => [payload["kind"], payload["direction"], payload["id"]]), [["video", "outbound", track]]);
});

test("each client reports at its own pace", async () => {
  const visited = await visit(browser, sidetone);
  await visited.page.evaluate(
    async ([often, seldom]) => {
      const ends = await loopback.connect();
      const clients = [loopback.join({ ...often!, reportIntervalMs: 500 }), loopback.join({ ...seldom!, reportIntervalMs: 5000, uploadIntervalMs: 5000 })];
      for (const [index, client] of clients.entries()) client.observe(ends[index]!);
      await loopback.until(() => loopback.reports[1]! >= 3 && loopback.reports[0]! >= 12);
      await Promise.all(clients.map((client) => client.stop()));
    },
    [optionsOf(sidetone, "often"), optionsOf(sidetone, "seldom")],
  );
  await visited.close();
  const pauses = async (conference: string) => {
    const times = (await sidetone.reports((await sidetone.conference(conference)).peer_connections[0]!.key)).map(({ time_ms }) => time_ms);
    // The last is taken because the participant leaves.
    return times.slice(1, -1).map((time, index) => time - times[index]!);
  };
  const [often, seldom] = [await pauses("often"), await pauses("seldom")];
  assert.ok(often.some((pause) => pause < 900), `${often}`);
  assert.ok(seldom.length >= 2 && seldom.every((pause) => pause > 4000), `${seldom}`);
});

test("of what finds no room while the page is offline, the server knows how much it was", async () => {
  const visited = await visit(browser, sidetone);
  const { page } = visited;
  await page.evaluate(async (options) => {
    const client = loopback.join({ ...options, uploadIntervalMs: 1000, queueBatchesMax: 3 });
    const [from] = await loopback.connect();
    client.observe(from);
    await client.flush();
    Object.assign(globalThis, { client });
  }, optionsOf(sidetone, "no-room"));
  const taken = () => page.evaluate(() => loopback.reports[0]!);
  await page.context().setOffline(true);
  const before = await taken();
  await until("more was taken than there is room for", async () => (await taken()) >= before + 8);
  await page.context().setOffline(false);
  await page.evaluate(() => loopback.leave((globalThis as unknown as { client: Parameters<typeof loopback.leave>[0] }).client));
  const all = await taken();
  await visited.close();
  const [connection] = (await sidetone.conference("no-room")).peer_connections;
  const dropped = (await told("no-room")).filter(({ kind, payload }) => kind === "dropped" && payload["reason"] === "queue_full");
  const missing = dropped.reduce((sum, { payload }) => sum + Number(payload["reports"]), 0);
  assert.ok(missing > 0);
  assert.equal(connection!.report_count + missing, all);
});
