/** What many calls leave behind in a page. */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Call } from "../../packages/sdk/src/phone/api.ts";
import { sleep } from "./wait.ts";

/** Counts what calls open where it is opened; `stands` waits for a call of the phone. For a page's first script. */
export const COUNTED = `
  globalThis.opened = { tracks: [], connections: [] };
  globalThis.stands = (call, answered) => Promise.all([answered, "mediaConnected"].map((name) => new Promise((resolve) => call.on(name, resolve))));
  const { getUserMedia } = MediaDevices.prototype;
  MediaDevices.prototype.getUserMedia = async function (...given) {
    const stream = await getUserMedia.apply(this, given);
    opened.tracks.push(...stream.getTracks().map((track) => new WeakRef(track)));
    return stream;
  };
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) {
      super(...given);
      opened.connections.push(new WeakRef(this));
    }
  };`;

declare global {
  /** It was answered, and its media go. */
  var stands: (call: Call, answered: "answered" | "confirmed") => Promise<unknown>;
  var opened: { readonly tracks: WeakRef<MediaStreamTrack>[]; readonly connections: WeakRef<RTCPeerConnection>[] };
}

/** What a page holds. */
export interface Held {
  readonly heap: number;
  readonly nodes: number;
  readonly listeners: number;
}

/** What the page holds once the browser has cleared up. */
export async function held(page: Page): Promise<Held> {
  const debug = await page.context().newCDPSession(page);
  for (let round = 0; round < 3; round++) await debug.send("HeapProfiler.collectGarbage");
  // To the byte; `performance.memory` is rounded, and renewed only now and then.
  const { usedSize: heap } = await debug.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners: listeners } = await debug.send("Memory.getDOMCounters");
  await debug.detach();
  return { heap, nodes, listeners };
}

/** So many calls, after those before which the page held `then`, left nothing in it; `who` has the page. */
export async function assertNothingLeft(who: string, page: Page, then: Held, calls: number): Promise<void> {
  let now = await held(page);
  // SIP remembers a transaction for 32 s (RFC 3261 §17), and with it the call.
  for (let round = 0; round < 30 && now.listeners > then.listeners; round++) {
    await sleep(2000);
    now = await held(page);
  }
  const told = `${who} held ${JSON.stringify(then)} at first, ${JSON.stringify(now)} after ${calls} calls`;
  assert.ok(now.nodes <= then.nodes + 5 && now.listeners < then.listeners + calls / 5, told);
  assert.ok(now.heap - then.heap < 2_000_000, told);
  const open = await page.evaluate(() => {
    const { tracks, connections } = opened;
    return {
      tracks: tracks.filter((track) => track.deref()?.readyState === "live").length,
      connections: connections.filter((connection) => (connection.deref()?.connectionState ?? "closed") !== "closed").length,
      made: connections.length,
    };
  });
  assert.ok(open.made >= calls, `${open.made} connections were made`);
  assert.deepEqual([open.tracks, open.connections], [0, 0], who);
}
