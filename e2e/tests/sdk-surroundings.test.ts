/** The SDK in pages that make it hard: it measures what can be measured, says once what cannot, and throws nothing into the page. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Frame, Page } from "playwright-core";
import { launchChromium } from "../src/browsers.ts";
import { optionsOf, visit } from "../src/loopback.ts";
import type { PageOptions } from "../src/origin.ts";
import { Sidetone } from "../src/sidetone.ts";
import { sleep } from "../src/wait.ts";

let sidetone: Sidetone;
let browser: Browser;

before(async () => {
  sidetone = await Sidetone.start();
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  await sidetone?.stop();
});

/** What a call of some seconds in such a page led to. */
async function called(conference: string, options: PageOptions, seconds = 5) {
  const visited = await visit(browser, sidetone, options);
  const told = await inPage(visited.page, conference, seconds);
  await visited.close();
  const [held] = await sidetone.conferences(conference);
  return { ...told, complaints: visited.complaints, connections: held?.peer_connections ?? [] };
}

function inPage(page: Page | Frame, conference: string, seconds: number) {
  return page.evaluate(
    async ({ options, seconds }) => {
      const client = loopback.join(options);
      client.observeAll();
      await loopback.connect();
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      await client.stop();
      return { told: loopback.told, failures: loopback.failures.map(({ code }) => code) };
    },
    { options: optionsOf(sidetone, conference), seconds },
  );
}

function policy(words: string): string {
  return `default-src 'none'; img-src data:; script-src 'self' ${sidetone.url} ${words}; connect-src ${sidetone.url}`;
}

test("the strict Content-Security-Policy of the handbook is enough", async () => {
  const { told, failures, complaints, connections } = await called("csp", { policy: policy("'wasm-unsafe-eval'") });
  assert.ok(told.tick! >= 6, `${told.tick} ticks`);
  assert.deepEqual([failures, complaints], [[], []]);
  assert.equal(connections.length, 2);
});

test("where WebAssembly is forbidden, reports are sent without local scores, and that is said once", async () => {
  const { told, failures, connections } = await called("csp-without-wasm", { policy: policy("") });
  assert.equal(told.tick, undefined);
  assert.deepEqual(failures, ["engine_unavailable"]);
  assert.equal(connections.length, 2);
  for (const { report_count } of connections) assert.ok(report_count >= 4, `${report_count} reports`);
});

test("a page without WebRTC is not disturbed", async () => {
  const without = "for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection']) delete window[name]; Object.defineProperty(navigator, 'mediaDevices', { value: undefined });";
  const visited = await visit(browser, sidetone, { before: [without] });
  const failures = await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    client.observeAll();
    await client.flush();
    await client.stop();
    return loopback.failures.map(({ code }) => code);
  }, optionsOf(sidetone, "no-webrtc"));
  await visited.close();
  assert.deepEqual([failures, visited.complaints], [["webrtc_missing"], []]);
  assert.equal((await sidetone.conference("no-webrtc")).participants.length, 1);
});

test("without IndexedDB what waits is in memory, and that is said once", async () => {
  const { failures, complaints, connections } = await called("no-indexeddb", { before: ["Object.defineProperty(window, 'indexedDB', { value: undefined });"] });
  assert.deepEqual([failures, complaints], [["queue_unavailable"], []]);
  assert.equal(connections.length, 2);
});

test("in a frame without an origin it works as far as the frame does", async () => {
  const visited = await visit(browser, sidetone);
  await visited.page.evaluate(async () => {
    const frame = document.createElement("iframe");
    frame.sandbox.add("allow-scripts");
    frame.allow = "camera *; microphone *";
    frame.src = location.href;
    await new Promise((resolve) => {
      frame.onload = resolve;
      document.body.append(frame);
    });
  });
  const frame = visited.page.frames().find((held) => held !== visited.page.mainFrame())!;
  const { failures } = await frame.evaluate(async (options) => {
    const client = loopback.join(options);
    client.observeAll();
    const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
    from.createDataChannel("data");
    from.onicecandidate = ({ candidate }) => void (candidate && to.addIceCandidate(candidate));
    await from.setLocalDescription();
    await to.setRemoteDescription(from.localDescription!);
    await to.setLocalDescription();
    await from.setRemoteDescription(to.localDescription!);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await client.stop();
    return { failures: loopback.failures.map(({ code }) => code) };
  }, optionsOf(sidetone, "frame"));
  await visited.close();
  assert.deepEqual([failures, visited.complaints], [["queue_unavailable"], []]);
  for (const { report_count } of (await sidetone.conference("frame")).peer_connections) assert.ok(report_count >= 3);
});

test("a getStats that throws, rejects, never answers or is slow harms only its own connection", async () => {
  const visited = await visit(browser, sidetone);
  const errors = await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    const faults = {
      throws: () => {
        throw new Error("thrown by the page");
      },
      rejects: () => Promise.reject(new Error("rejected by the page")),
      never: () => new Promise<RTCStatsReport>(() => undefined),
      slow: async (original: () => Promise<RTCStatsReport>) => {
        await new Promise((resolve) => setTimeout(resolve, 5000));
        return original();
      },
    };
    for (const [id, fault] of Object.entries(faults)) {
      const peerConnection = new RTCPeerConnection();
      const original = peerConnection.getStats.bind(peerConnection);
      peerConnection.getStats = () => fault(original);
      client.observe(peerConnection, { id });
    }
    const [from] = await loopback.connect();
    client.observe(from, { id: "sound" });
    await new Promise((resolve) => setTimeout(resolve, 13_000));
    await client.stop();
    return loopback.failures;
  }, optionsOf(sidetone, "faults"));
  await visited.close();
  assert.deepEqual([errors, visited.complaints], [[], []]);
  const { key, peer_connections } = await sidetone.conference("faults");
  const reports = Object.fromEntries(peer_connections.map(({ peer_connection_id, report_count }) => [peer_connection_id, report_count]));
  assert.ok(reports["sound"]! >= 12, `${reports["sound"]} reports of the sound connection`);
  assert.equal(reports["slow"], 2);
  assert.deepEqual([reports["throws"], reports["rejects"], reports["never"]], [0, 0, 0]);
  const events = await sidetone.events(key);
  const told = Object.fromEntries(
    peer_connections.map(({ key, peer_connection_id }) => [peer_connection_id, events.filter((event) => event.peer_connection === key && event.kind.startsWith("get_stats")).map(({ kind, payload }) => `${kind} ${payload["reason"] ?? ""}`.trim())]),
  );
  assert.deepEqual(told, {
    sound: [],
    throws: ["get_stats_failed error"],
    rejects: ["get_stats_failed error"],
    never: ["get_stats_failed no_answer"],
    slow: ["get_stats_slow", "get_stats_slow"],
  });
});

test("a page whose timers stood still has a gap, and then goes on at its pace", async () => {
  const visited = await visit(browser, sidetone);
  await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    const [from] = await loopback.connect();
    client.observe(from, { id: "asleep" });
    await new Promise((resolve) => setTimeout(resolve, 3000));
    for (const end = performance.now() + 5000; performance.now() < end; );
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await client.stop();
  }, optionsOf(sidetone, "sleep"));
  await visited.close();
  const [connection] = (await sidetone.conference("sleep")).peer_connections;
  const times = (await sidetone.reports(connection!.key)).map(({ time_ms }) => time_ms);
  const pauses = times.slice(1).map((time, index) => time - times[index]!);
  assert.equal(pauses.filter((pause) => pause > 4000).length, 1, `pauses: ${pauses}`);
  assert.ok(times.length <= 9, `${times.length} reports in 11 s of which 5 s were slept through`);
});

test("offline batches wait, and go out when the network is back", async () => {
  const visited = await visit(browser, sidetone);
  const options = optionsOf(sidetone, "offline");
  await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    const [from] = await loopback.connect();
    client.observe(from, { id: "cut-off" });
    await client.flush();
    Object.assign(globalThis, { client });
  }, options);
  await visited.page.context().setOffline(true);
  await sleep(6000);
  await visited.page.context().setOffline(false);
  await sleep(4000);
  await visited.page.evaluate(() => (globalThis as unknown as { client: { stop(): Promise<void> } }).client.stop());
  await visited.close();
  const { key, peer_connections } = await sidetone.conference("offline");
  assert.ok(peer_connections[0]!.report_count >= 9, `${peer_connections[0]!.report_count} reports`);
  const kinds = (await sidetone.events(key)).map(({ kind }) => kind);
  assert.ok(kinds.includes("offline") && kinds.includes("online") && !kinds.includes("dropped"), kinds.join());
});
