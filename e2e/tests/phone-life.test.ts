/** A phone that lasts: its server dies in a call, its socket is away for long, and it makes two hundred calls. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Call } from "../../packages/sdk/src/phone/api.ts";
import { establish, hangUp, hears, type Line, openLine, reaches, talks } from "../src/line.ts";
import { setUp } from "../src/setup.ts";
import { setUpSite } from "../src/site.ts";
import { SIP_SERVERS, type SipServer } from "../src/sip.ts";
import { sleep, until } from "../src/wait.ts";

const CALLS = 200;

/** Counts what calls open where it is opened; `forget` lets go of the calls that the page of the tests keeps, for good. */
const COUNTED = `
  globalThis.opened = { tracks: [], connections: [] };
  globalThis.forget = () => {
    line.told.length = line.calls.length = 0;
    line.told.push = line.calls.push = () => 0;
  };
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
  var forget: () => void;
  /** It was answered, and its media go. */
  var stands: (call: Call, answered: "answered" | "confirmed") => Promise<unknown>;
  var opened: { readonly tracks: WeakRef<MediaStreamTrack>[]; readonly connections: WeakRef<RTCPeerConnection>[] };
}

/** What a page holds. */
interface Held {
  readonly heap: number;
  readonly nodes: number;
  readonly listeners: number;
}

const site = setUpSite("phone", { before: [COUNTED] });

/** Calls Bob so often; every other call he hangs up himself. */
async function makes({ page }: Line, count: number): Promise<void> {
  await page.evaluate(async (count) => {
    for (let number = 0; number < count; number++) {
      const call = line.phone.call("bob");
      await new Promise<void>((resolve, reject) => {
        if (number % 2) void stands(call, "answered").then(() => call.hangUp());
        call.on("ended", ({ cause, status, answered }) => (answered ? resolve() : reject(new Error(`call ${number}: ${cause} ${status}`))));
      });
    }
  }, count);
}

/** What the page holds once the browser has cleared up. */
async function held({ page }: Line): Promise<Held> {
  const debug = await page.context().newCDPSession(page);
  for (let round = 0; round < 3; round++) await debug.send("HeapProfiler.collectGarbage");
  // To the byte; `performance.memory` is rounded, and renewed only now and then.
  const { usedSize: heap } = await debug.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners: listeners } = await debug.send("Memory.getDOMCounters");
  await debug.detach();
  return { heap, nodes, listeners };
}

for (const kind of SIP_SERVERS) {
  describe(kind.name, () => {
    let server: SipServer;
    let ada: Line;
    let bob: Line;

    setUp(async (start) => {
      server = await start(kind.name, kind.start());
      ada = await start("ada's phone", openLine(site, server, "ada"));
      bob = await start("bob's phone", openLine(site, server, "bob", { multipleCalls: true }));
    });

    test("the socket is away for 40 s in a call: it goes on, and either side can still speak and hang up", async () => {
      const [out, into] = await establish(ada, bob);
      ada.wire.cut();
      await sleep(40_000);
      await talks([[ada, out], [bob, into]]);
      ada.wire.restore();
      assert.deepEqual(await hears(ada, out, "network", { index: 1 }), { change: "mended" });
      await talks([[ada, out], [bob, into]]);
      await hangUp(bob, into);
      assert.equal((await hears(ada, out, "ended"))["originator"], "remote");
    });

    test("the server dies in a call and comes back: the call goes on, both register again, and either can hang up", async () => {
      const [out, into] = await establish(ada, bob);
      await server.restart();
      await talks([[ada, out], [bob, into]]);
      for (const [line, call] of [[ada, out], [bob, into]] as const) {
        assert.deepEqual(await hears(line, call, "network", { index: 1 }), { change: "mended" });
        assert.equal(await line.page.evaluate(() => globalThis.line.phone.isRegistered), true);
      }
      await talks([[ada, out], [bob, into]]);
      await hangUp(ada, out);
      assert.equal((await hears(bob, into, "ended"))["originator"], "remote");
      const [next, there] = await establish(bob, ada);
      await hangUp(ada, there);
      await reaches(bob, next, "ended");
    });

    test(`${CALLS} calls in a row leave nothing behind`, async () => {
      await Promise.all([ada, bob].map(({ page }) => page.evaluate(() => forget())));
      await bob.page.evaluate(() => {
        let hangsUp = false;
        line.phone.on("incoming", ({ call }) => {
          hangsUp = !hangsUp;
          if (hangsUp) void stands(call, "confirmed").then(() => call.hangUp());
          call.answer();
        });
      });
      await makes(ada, 20);
      const before = await Promise.all([ada, bob].map(held));
      await makes(ada, CALLS - 20);
      for (const [index, line] of [ada, bob].entries()) {
        const then = before[index]!;
        let now = await held(line);
        // SIP remembers a transaction for 32 s (RFC 3261 §17), and with it the call.
        for (let round = 0; round < 30 && now.listeners > then.listeners; round++) {
          await sleep(2000);
          now = await held(line);
        }
        const told = `${line.user} held ${JSON.stringify(then)} after 20 calls, ${JSON.stringify(now)} after ${CALLS}`;
        assert.ok(now.nodes <= then.nodes + 5 && now.listeners < then.listeners + CALLS / 5, told);
        assert.ok(now.heap - then.heap < 2_000_000, told);
        const open = await line.page.evaluate(() => {
          const { tracks, connections } = opened;
          return {
            tracks: tracks.filter((track) => track.deref()?.readyState === "live").length,
            connections: connections.filter((connection) => (connection.deref()?.connectionState ?? "closed") !== "closed").length,
            made: connections.length,
          };
        });
        assert.ok(open.made >= CALLS, `${open.made} connections were made`);
        assert.deepEqual([open.tracks, open.connections], [0, 0], line.user);
        assert.equal(await line.page.evaluate(() => globalThis.line.phone.calls.length), 0);
      }
      await until("the server still knows both", () => ada.page.evaluate(() => line.phone.isRegistered));
    });
  });
}
