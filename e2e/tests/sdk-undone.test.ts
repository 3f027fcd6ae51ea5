/** The SDK leaves a page as it found it, and shares it with others. */

import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Browser } from "playwright-core";
import type { Sidetone as Client } from "../../packages/sdk/src/index.ts";
import { isUnhindered, launchChromium } from "../src/browsers.ts";
import { optionsOf, visit } from "../src/loopback.ts";
import { during, setUp } from "../src/setup.ts";
import { Sidetone } from "../src/sidetone.ts";
import { until } from "../src/wait.ts";

let sidetone: Sidetone;
let browser: Browser;

setUp(async (start) => {
  sidetone = await start("Sidetone", Sidetone.start());
  browser = await start("Chromium", launchChromium(["--js-flags=--expose-gc"]));
});

/** Counts listeners and timers from before the first script on; `held.left()` says which are there still. */
const BOOKS = `{
  const listeners = new Map(), timers = new Map();
  const add = EventTarget.prototype.addEventListener, remove = EventTarget.prototype.removeEventListener;
  let count = 0;
  const numbers = new WeakMap(), number = (held) => numbers.get(held) ?? (numbers.set(held, count++), numbers.get(held));
  const name = (target) => target.constructor.name + number(target);
  EventTarget.prototype.addEventListener = function (type, f, ...rest) { listeners.set([name(this ?? window), type, number(f)].join(), type); return add.call(this, type, f, ...rest); };
  EventTarget.prototype.removeEventListener = function (type, f, ...rest) { listeners.delete([name(this ?? window), type, number(f)].join()); return remove.call(this, type, f, ...rest); };
  for (const [start, end, again] of [["setTimeout", "clearTimeout", false], ["setInterval", "clearInterval", true]]) {
    const original = window[start], originalEnd = window[end];
    window[start] = (f, ms, ...rest) => { const id = original(() => { if (!again) timers.delete(id); f(...rest); }, ms); timers.set(id, ms); return id; };
    window[end] = (id) => { timers.delete(id); originalEnd(id); };
  }
  window.held = { gc: window.gc, left: () => ({ listeners: [...listeners.keys()], timers: [...timers.values()] }) };
}`;

/** What a page keeps from one step of a test to the next. */
declare const held: {
  readonly gc: () => void;
  readonly left: () => { listeners: string[]; timers: number[] };
  original: unknown[];
  names: string[];
  client: Client;
  connections: RTCPeerConnection[];
  weak: WeakRef<RTCPeerConnection>[];
};

test("stop() takes away every listener, timer and wrapper, and lets go of the connections", async () => {
  const visited = await visit(browser, sidetone, { before: [BOOKS] });
  const { page } = visited;
  const started = await page.evaluate(async (options) => {
    const before = held.left();
    held.original = [RTCPeerConnection, navigator.mediaDevices.getUserMedia, navigator.mediaDevices.getDisplayMedia];
    held.names = Object.getOwnPropertyNames(globalThis);
    held.client = loopback.join(options);
    held.client.observeAll();
    const wrapped = RTCPeerConnection !== held.original[0];
    held.connections = await loopback.connect(["audio", "video"]);
    held.weak = held.connections.map((peerConnection) => new WeakRef(peerConnection));
    await loopback.until(() => loopback.reports.every((count) => count >= 3));
    return { before, during: held.left(), wrapped };
  }, optionsOf(sidetone, "undone"));
  const stopped = await page.evaluate(async () => {
    await held.client.stop();
    const afterwards = held.left();
    for (const peerConnection of held.connections.splice(0)) {
      peerConnection.onicecandidate = null;
      peerConnection.close();
    }
    return {
      afterwards,
      restored: [RTCPeerConnection, navigator.mediaDevices.getUserMedia, navigator.mediaDevices.getDisplayMedia].every((of, index) => of === held.original[index]),
      devices: Object.getOwnPropertyNames(navigator.mediaDevices),
      names: Object.getOwnPropertyNames(globalThis).filter((name) => !held.names.includes(name)),
      symbols: Object.getOwnPropertySymbols(globalThis).map(String).filter((name) => name.includes("sidetone")),
    };
  });
  const alive = await page.evaluate(async () => {
    for (let turn = 0; turn < 100 && held.weak.some((of) => of.deref()); turn++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      held.gc();
    }
    return held.weak.filter((of) => of.deref()).length;
  });
  await visited.close();
  const { before, during } = started;
  assert.ok(started.wrapped && during.listeners.length > before.listeners.length + 20 && during.timers.length > 0, "there is something to undo");
  assert.deepEqual(stopped, { afterwards: before, restored: true, devices: [], names: [], symbols: [] });
  assert.equal(alive, 0, "connections that nobody uses are collected");
  assert.deepEqual(visited.complaints, []);
});

test("stop() gives a muted microphone back that was listened to", async () => {
  const visited = await visit(browser, sidetone, { before: [BOOKS] });
  const seen = await visited.page.evaluate(async (options) => {
    const contexts: AudioContext[] = [];
    const copies: MediaStreamTrack[] = [];
    window.AudioContext = class extends AudioContext {
      constructor() {
        super();
        contexts.push(this);
      }
    };
    const { clone } = MediaStreamTrack.prototype;
    MediaStreamTrack.prototype.clone = function () {
      const copy = clone.call(this);
      copies.push(copy);
      return copy;
    };
    const before = held.left();
    const client = loopback.join({ ...options, mutedSpeech: true });
    const [from] = await loopback.connect();
    client.observe(from);
    const track = from.getSenders()[0]!.track!;
    track.enabled = false;
    await loopback.until(() => copies.length === 1 && loopback.reports[0]! >= 3);
    const during = [copies[0]!.readyState, contexts.map(({ state }) => state)];
    await client.stop();
    await loopback.until(() => contexts[0]!.state === "closed");
    return { during, copies: copies.map(({ readyState }) => readyState), track: [track.enabled, track.readyState], timers: [before.timers, held.left().timers] };
  }, optionsOf(sidetone, "listened"));
  await visited.close();
  assert.deepEqual(seen, { during: ["live", ["running"]], copies: ["ended"], track: [false, "live"], timers: [[], []] });
  assert.deepEqual(visited.complaints, []);
});

test("of two copies in a page the second says so, and each connection is measured once", async () => {
  const visited = await visit(browser, sidetone);
  const codes = await visited.page.evaluate(
    async ({ options, module }) => {
      const first = loopback.join(options);
      const { Sidetone: Second } = (await import(module)) as { Sidetone: typeof Client };
      const second = new Second(options);
      const codes: string[] = [];
      second.on("error", ({ code }) => codes.push(code));
      const handles = [first.observeAll(), second.observeAll()];
      const [from] = await loopback.connect();
      const again = [first.observe(from), second.observe(from)];
      await loopback.until(() => loopback.reports.every((count) => count >= 3));
      await Promise.all([first, second].map(loopback.leave));
      return { codes, handles: handles.map((handle) => !!handle), again: again.map((handle) => !!handle), first: loopback.failures.map(({ code }) => code) };
    },
    { options: optionsOf(sidetone, "copies"), module: `${sidetone.url}/sdk/sidetone.mjs` },
  );
  await visited.close();
  assert.deepEqual(codes, { codes: ["second_copy", "already_observed"], handles: [true, false], again: [false, false], first: ["already_observed"] });
  assert.equal((await sidetone.conference("copies")).peer_connections.length, 2, "two ends, each measured once");
});

test("two conferences in one page are two conferences", async () => {
  const visited = await visit(browser, sidetone);
  await visited.page.evaluate(
    async ([left, right]) => {
      const clients = [loopback.join(left!), loopback.join(right!)];
      const connections = await loopback.connect();
      for (const [index, client] of clients.entries()) client.observe(connections[index]!, { id: "only" });
      await loopback.until(() => loopback.reports.every((count) => count >= 3));
      await Promise.all(clients.map(loopback.leave));
    },
    [optionsOf(sidetone, "left"), optionsOf(sidetone, "right")],
  );
  await visited.close();
  assert.deepEqual(visited.complaints, []);
  for (const id of ["left", "right"]) {
    const { peer_connections, participants } = await sidetone.conference(id);
    assert.deepEqual([peer_connections.length, participants.length], [1, 1]);
    assert.ok(peer_connections[0]!.report_count >= 3);
  }
});

test("a client may follow another at once, as in a component that is mounted again", async () => {
  const visited = await visit(browser, sidetone);
  const failures = await visited.page.evaluate(
    async ([first, second]) => {
      const [connection] = await loopback.connect();
      const earlier = loopback.join(first!);
      earlier.observeAll();
      earlier.observe(connection);
      void earlier.stop();
      const later = loopback.join(second!);
      const handles = [later.observeAll(), later.observe(connection)];
      await loopback.until(() => loopback.reports[0]! >= 4);
      const again = new RTCPeerConnection();
      await loopback.leave(later);
      again.close();
      return { codes: loopback.failures.map(({ code }) => code), handles: handles.map((handle) => !!handle) };
    },
    [optionsOf(sidetone, "earlier"), optionsOf(sidetone, "later")],
  );
  await visited.close();
  assert.deepEqual(failures, { codes: [], handles: [true, true] });
  const { peer_connections } = await sidetone.conference("later");
  assert.equal(peer_connections.length, 2);
  assert.ok(peer_connections.some(({ report_count }) => report_count >= 4));
});

test("another library that wraps before or after us keeps its wrapper, and ours is gone", async () => {
  const visited = await visit(browser, sidetone);
  const seen = await visited.page.evaluate(async (options) => {
    const made = { before: 0, after: 0 };
    const Browser = RTCPeerConnection;
    class Before extends Browser {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        made.before++;
      }
    }
    window.RTCPeerConnection = Before;
    const client = loopback.join(options);
    client.observeAll();
    const Ours = RTCPeerConnection;
    const After = function (configuration?: RTCConfiguration) {
      made.after++;
      return new Ours(configuration);
    } as unknown as typeof RTCPeerConnection;
    After.prototype = Ours.prototype;
    window.RTCPeerConnection = After;
    const originalMedia = navigator.mediaDevices.getUserMedia;
    navigator.mediaDevices.getUserMedia = function (constraints) {
      return originalMedia.call(this, constraints);
    };
    const [from] = await loopback.connect();
    const instance = from instanceof Browser && from instanceof RTCPeerConnection;
    await loopback.until(() => (loopback.told.tick ?? 0) >= 2);
    await loopback.leave(client);
    const kept = RTCPeerConnection === After;
    const [later] = await loopback.connect();
    await loopback.until(() => later.connectionState === "connected");
    // The other library goes as well.
    window.RTCPeerConnection = Ours;
    new RTCPeerConnection().close();
    return { made, instance, kept };
  }, optionsOf(sidetone, "wrappers"));
  await visited.close();
  assert.deepEqual(seen, { made: { before: 5, after: 4 }, instance: true, kept: true });
  assert.deepEqual(visited.complaints, []);
  assert.equal((await sidetone.conference("wrappers")).peer_connections.length, 2, "what is made after stop() is not observed");
});

test("what another library puts into the prototype after us is called, once, and stays", async () => {
  const visited = await visit(browser, sidetone);
  const seen = await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    const { prototype } = MediaDevices;
    const original = prototype.getUserMedia;
    client.observeDevices();
    let count = 0;
    // Taken from the object, put into the prototype.
    const beneath = navigator.mediaDevices.getUserMedia;
    const other = async function (this: MediaDevices, constraints?: MediaStreamConstraints) {
      count++;
      return beneath.call(this, constraints);
    };
    prototype.getUserMedia = other;
    const open = async () => (await navigator.mediaDevices.getUserMedia({ audio: true })).getTracks().length;
    const tracks = [await open()];
    await loopback.leave(client);
    tracks.push(await open());
    const isKept = prototype.getUserMedia === other;
    prototype.getUserMedia = original;
    return { count, tracks, isKept };
  }, optionsOf(sidetone, "prototype"));
  await visited.close();
  assert.deepEqual([seen, visited.complaints], [{ count: 2, tracks: [1, 1], isKept: true }, []]);
  const events = await sidetone.events((await sidetone.conference("prototype")).key);
  assert.equal(events.filter(({ kind }) => kind === "get_user_media_success").length, 1);
});

test("connections that the page freezes are measured, and do not keep the client from leaving", async () => {
  const visited = await visit(browser, sidetone);
  const failures = await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    const [before, after] = await loopback.connect();
    Object.freeze(before);
    for (const [id, peerConnection] of Object.entries({ before, after })) client.observe(peerConnection, { id });
    Object.freeze(after);
    await loopback.until(() => loopback.reports.every((count) => count >= 3));
    await loopback.leave(client);
    return loopback.failures;
  }, optionsOf(sidetone, "frozen"));
  await visited.close();
  assert.deepEqual([failures, visited.complaints], [[], []]);
  const { key, peer_connections } = await sidetone.conference("frozen");
  assert.deepEqual(peer_connections.map(({ peer_connection_id, report_count }) => [peer_connection_id, report_count >= 3]).sort(), [["after", true], ["before", true]]);
  assert.ok((await sidetone.events(key)).some(({ kind }) => kind === "left"));
});

test("an id that comes again at once loses nothing of the connection before, and one that is in use is not given twice", async () => {
  const visited = await visit(browser, sidetone);
  const seen = await visited.page.evaluate(async (options) => {
    // All goes out at the end.
    const client = loopback.join({ ...options, uploadIntervalMs: 3_600_000 });
    const first = await loopback.connect();
    client.observe(first[0], { id: "main" });
    await loopback.until(() => loopback.reports[0]! >= 3);
    for (const end of first) end.close();
    const [again, other] = await loopback.connect();
    const ids = [again, other].map((peerConnection) => client.observe(peerConnection, { id: "main" })?.id);
    await loopback.until(() => loopback.reports.slice(2).every((count) => count >= 3));
    await loopback.leave(client);
    const [before, , main, own] = loopback.reports;
    return { ids, taken: { main: before! + main!, own: own! }, failures: loopback.failures.map(({ code }) => code) };
  }, optionsOf(sidetone, "again"));
  await visited.close();
  const [main, own] = seen.ids;
  assert.ok(main === "main" && own && own !== "main", `${seen.ids}`);
  assert.deepEqual([seen.failures, visited.complaints], [["already_observed"], []]);
  const held = (await sidetone.conference("again")).peer_connections.map(({ peer_connection_id, report_count }) => [peer_connection_id, report_count]);
  assert.deepEqual(Object.fromEntries(held), { main: seen.taken.main, [own]: seen.taken.own });
});

test("devices that the page is refused are told, and the page gets its own error", async () => {
  const visited = await visit(browser, sidetone);
  const name = await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    client.observeAll();
    const error = await navigator.mediaDevices.getUserMedia({ video: { width: { exact: 99_999 } } }).catch((error: unknown) => error);
    await loopback.leave(client);
    return (error as OverconstrainedError).constraint;
  }, optionsOf(sidetone, "devices"));
  await visited.close();
  assert.equal(name, "width");
  const { key } = await sidetone.conference("devices");
  const failed = (await sidetone.events(key)).find(({ kind }) => kind === "get_user_media_failed");
  assert.equal(failed?.payload["error"], "OverconstrainedError");
  assert.equal(failed?.payload["constraint"], "width");
});

test("a page that is closed in mid-call leaves, and what it could not send is sent by the next page", async () => {
  const visited = await visit(browser, sidetone);
  const { page } = visited;
  await page.evaluate(async (options) => {
    const client = loopback.join(options);
    const [from] = await loopback.connect();
    client.observe(from, { id: "closed" });
    await loopback.until(() => loopback.reports[0]! >= 4);
    await client.flush();
  }, optionsOf(sidetone, "closed"));
  const url = page.url();
  await isUnhindered(page);
  // Not a report more can be sent from here on but by the keepalive requests of a page that goes away.
  await page.goto("about:blank");
  const { participants, peer_connections, key } = await until("the stay is over", async () => {
    const held = await sidetone.conference("closed");
    return held.participants[0]!.ended_ms !== null && held;
  });
  assert.equal(participants[0]!.timed_out, false, "the page said that it leaves");
  assert.ok(peer_connections[0]!.report_count >= 4);
  assert.ok((await sidetone.events(key)).some(({ kind }) => kind === "left"));

  await page.goto(url);
  await page.evaluate(async (options) => {
    const client = loopback.join(options);
    const [from] = await loopback.connect();
    client.observe(from, { id: "cut-off" });
    await client.flush();
  }, optionsOf(sidetone, "drained"));
  await sidetone.kill();
  const taken = () => page.evaluate(() => loopback.reports[0]!);
  const before = await taken();
  await until("reports are taken that nobody gets", async () => (await taken()) >= before + 5);
  await page.goto("about:blank");
  await sidetone.up();
  await page.goto(url);
  await page.evaluate((options) => void loopback.join(options), optionsOf(sidetone, "next"));
  // The server was down when the page before sent its last; that is left alone for 10 s in case it arrives.
  await until("the reports of the page before are there", async () => (await sidetone.conference("drained")).peer_connections[0]!.report_count >= before + 5);
  await visited.close();
});

/** Something before the server that brings it every request at once, and keeps its answers to batches back until `answer` is called. */
async function slow() {
  const waiting: (() => void)[] = [];
  let holds = false;
  const server = createServer((asked, given) => {
    const { method, url: path, headers } = asked;
    const passed = request(`${sidetone.url}${path}`, { method, headers }, (answer) => {
      const tell = () => answer.pipe(given.writeHead(answer.statusCode!, answer.headers));
      if (holds && method === "POST") waiting.push(tell);
      else tell();
    });
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: () => void (holds = true),
    answer: () => waiting.splice(0).forEach((tell) => tell()),
    count: () => waiting.length,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a page that hangs up and goes elsewhere at once has sent all that it had", () =>
  during(async (start) => {
    const far = await start("a server far away", slow());
    const visited = await visit(browser, sidetone);
    const { page } = visited;
    await page.evaluate(async (options) => {
      const client = loopback.join({ ...options, uploadIntervalMs: 3_600_000 });
      for (const end of await loopback.connect()) client.observe(end);
      await client.flush();
      await loopback.until(() => loopback.reports.every((count) => count >= 4));
      Object.assign(globalThis, { client });
    }, { ...optionsOf(sidetone, "hung-up"), url: far.url });
    far.hold();
    await page.evaluate(() => void (globalThis as unknown as { client: Client }).client.stop());
    await until("the first of what is left is on its way", async () => far.count() > 0);
    await isUnhindered(page);
    await page.goto("about:blank");
    far.answer();
    const { participants, peer_connections } = await sidetone.conference("hung-up");
    await visited.close();
    assert.notEqual(participants[0]!.ended_ms, null);
    assert.equal(peer_connections.length, 2);
    for (const { report_count } of peer_connections) assert.ok(report_count >= 4, `${report_count} reports`);
  }));

test("what one user leaves behind does not fill the page's localStorage where only others come", async () => {
  const visited = await visit(browser, sidetone);
  const { page } = visited;
  const url = page.url();
  const { secret, ...options } = optionsOf(sidetone, "guests");
  await page.exposeFunction("tokenOf", () => secret);
  const kept = () => page.evaluate(() => Object.keys(localStorage).length);
  const join = (userId: string) =>
    page.evaluate(async (options) => {
      const { tokenOf } = globalThis as unknown as { tokenOf(): Promise<string> };
      await loopback.join({ ...options, token: tokenOf }).flush();
    }, { ...options, userId });
  await join("first guest");
  await page.goto(`${url}elsewhere`);
  assert.ok((await kept()) > 0, "its last words are there in case they did not arrive");
  await join("second guest");
  await until("they are kept elsewhere", async () => (await kept()) === 0);
  await visited.close();
});
