/** The SDK in pages that make it hard: it measures what can be measured, says once what cannot, and throws nothing into the page. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Browser, Frame, Page } from "playwright-core";
import { launchChromium } from "../src/browsers.ts";
import { optionsOf, visit } from "../src/loopback.ts";
import type { PageOptions } from "../src/origin.ts";
import { setUp } from "../src/setup.ts";
import { Sidetone } from "../src/sidetone.ts";
import { until } from "../src/wait.ts";

let sidetone: Sidetone;
let browser: Browser;

setUp(async (start) => {
  sidetone = await start("Sidetone", Sidetone.start());
  browser = await start("Chromium", launchChromium());
});

/** What a call of four reports at either end led to in such a page. */
async function called(conference: string, options: PageOptions) {
  const visited = await visit(browser, sidetone, options);
  const told = await measure(visited.page, conference);
  await visited.close();
  const [held] = await sidetone.conferences(conference);
  return { ...told, complaints: visited.complaints, connections: held?.peer_connections ?? [] };
}

function measure(page: Page | Frame, conference: string, kinds: readonly "audio"[] = ["audio"]) {
  return page.evaluate(
    async ({ options, kinds }) => {
      const client = loopback.join(options);
      client.observeAll();
      await loopback.connect(kinds);
      await loopback.until(() => loopback.reports.every((count) => count >= 4));
      await loopback.leave(client);
      return { told: loopback.told, failures: loopback.failures.map(({ code }) => code) };
    },
    { options: optionsOf(sidetone, conference), kinds },
  );
}

function policy(words: string): string {
  return `default-src 'none'; img-src data:; script-src 'self' ${sidetone.url} ${words}; connect-src ${sidetone.url}`;
}

test("the strict Content-Security-Policy of the handbook is enough", async () => {
  const { told, failures, complaints, connections } = await called("csp", { policy: policy("'wasm-unsafe-eval'") });
  assert.ok(told.tick! >= 4, `${told.tick} ticks`);
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

test("where WebAssembly is forbidden, the page's policy is broken once and not with every batch", async () => {
  const visited = await visit(browser, sidetone, { policy: policy("") });
  const violations = await visited.page.evaluate(async (options) => {
    let [violations, uploads] = [0, 0];
    addEventListener("securitypolicyviolation", () => violations++);
    const client = loopback.join({ ...options, uploadIntervalMs: 1000 });
    client.on("upload", () => uploads++);
    client.observe((await loopback.connect())[0]);
    await loopback.until(() => uploads >= 6);
    await loopback.leave(client);
    return violations;
  }, optionsOf(sidetone, "csp-once"));
  await visited.close();
  assert.equal(violations, 1);
});

for (const [what, status, headers] of [
  ["asks to be left alone", 503, { "retry-after": "3600" }],
  ["does not know the secret", 401, {}],
] as const) {
  test(`a server that ${what} is left alone`, async () => {
    const visited = await visit(browser, sidetone);
    const asked: string[] = [];
    await visited.page.route("**/v1/**", async (route) => {
      asked.push(new URL(route.request().url()).pathname);
      const cors = { "access-control-allow-origin": "*", "access-control-allow-headers": "*, authorization", "access-control-expose-headers": "retry-after" };
      await route.fulfill({ status, headers: { ...cors, ...headers }, json: {} });
    });
    await visited.page.evaluate(async (options) => {
      const client = loopback.join({ ...options, uploadIntervalMs: 1000 });
      client.observe((await loopback.connect())[0]);
      await loopback.until(() => loopback.reports[0]! >= 8);
      await client.stop();
    }, optionsOf(sidetone, "alone"));
    await visited.close();
    const [app, batches] = ["/v1/app", "/v1/batches"].map((path) => asked.filter((asked) => asked === path).length);
    // What remains when the page leaves is tried once more.
    assert.ok(app === 1 && batches! <= 2, asked.join());
  });
}

test("a page that lets nobody wrap its functions is told so, as is one that observes what is no connection", async () => {
  const locked = "Object.defineProperty(window, 'RTCPeerConnection', { value: RTCPeerConnection, writable: false, configurable: false });";
  const visited = await visit(browser, sidetone, { before: [locked] });
  const seen = await visited.page.evaluate(async (options) => {
    const [client, other] = [loopback.join(options), loopback.join(options)];
    const refused = [client.observeAll(), other.observe({} as RTCPeerConnection), other.observe(undefined as unknown as RTCPeerConnection)];
    // What can be wrapped, and can be observed, still is.
    const handles = [client.observeDevices(), client.observe((await loopback.connect())[0])];
    await loopback.until(() => loopback.reports[0]! >= 3);
    await Promise.all([client, other].map(loopback.leave));
    return { refused: refused.map((handle) => !!handle), handles: handles.map((handle) => !!handle), failures: loopback.failures.map(({ code }) => code) };
  }, optionsOf(sidetone, "locked"));
  await visited.close();
  assert.deepEqual(seen, { refused: [false, false, false], handles: [true, true], failures: ["not_observable", "not_observable"] });
  assert.deepEqual(visited.complaints, []);
  assert.equal((await sidetone.conference("locked")).peer_connections.length, 1);
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

test("a page of the same site that hangs in the database does not keep another from sending", async () => {
  const visited = await visit(browser, sidetone);
  await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    await client.flush();
    Object.assign(globalThis, { client });
  }, optionsOf(sidetone, "hanging"));
  const hanging = await visited.page.context().newPage();
  await hanging.addInitScript("globalThis.__name = (held) => held");
  await hanging.goto(visited.page.url());
  await hanging.evaluate(
    () =>
      new Promise<void>((resolve) => {
        indexedDB.open("sidetone").onsuccess = ({ target }) => {
          const batches = (target as IDBOpenDBRequest).result.transaction("batches", "readwrite").objectStore("batches");
          // A transaction goes on for as long as it is asked.
          const hang = (): void => void (batches.count().onsuccess = hang);
          batches.count().onsuccess = () => {
            hang();
            resolve();
          };
        };
      }),
  );
  await visited.page.bringToFront();
  await visited.page.evaluate(() => (globalThis as unknown as { client: { event(kind: string): void } }).client.event("meanwhile"));
  const { key } = await sidetone.conference("hanging");
  await until("what was told meanwhile has arrived", async () => (await sidetone.events(key)).some(({ kind }) => kind === "meanwhile"));
  const failures = await visited.page.evaluate(() => loopback.failures.map(({ code }) => code));
  await hanging.close();
  await visited.close();
  assert.deepEqual([failures, visited.complaints], [["queue_unavailable"], []]);
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
  const { failures } = await measure(frame, "frame", []);
  await visited.close();
  assert.deepEqual([failures, visited.complaints], [["queue_unavailable"], []]);
  for (const { report_count } of (await sidetone.conference("frame")).peer_connections) assert.ok(report_count >= 4);
});

test("a getStats that throws, rejects, never answers or is slow harms only its own connection", async () => {
  const visited = await visit(browser, sidetone);
  const errors = await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    let [unanswered, late] = [0, 0];
    const faults = {
      throws: () => {
        throw new Error("thrown by the page");
      },
      rejects: () => Promise.reject(new Error("rejected by the page")),
      never: () => {
        unanswered++;
        return new Promise<RTCStatsReport>(() => undefined);
      },
      slow: async (original: () => Promise<RTCStatsReport>) => {
        await new Promise((resolve) => setTimeout(resolve, 5000));
        late++;
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
    // Asked for a second time, what never answers was given up.
    await loopback.until(() => unanswered === 2 && late >= 2 && loopback.reports[0]! >= 12);
    await loopback.leave(client);
    return loopback.failures;
  }, optionsOf(sidetone, "faults"));
  await visited.close();
  assert.deepEqual([errors, visited.complaints], [[], []]);
  const { key, peer_connections } = await sidetone.conference("faults");
  const reports = Object.fromEntries(peer_connections.map(({ peer_connection_id, report_count }) => [peer_connection_id, report_count]));
  assert.ok(reports["sound"]! >= 12, `${reports["sound"]} reports of the sound connection`);
  assert.ok(reports["slow"]! >= 2, `${reports["slow"]} reports of the slow connection`);
  assert.deepEqual([reports["throws"], reports["rejects"], reports["never"]], [0, 0, 0]);
  const events = await sidetone.events(key);
  const told = (id: string, kind: string) => {
    const { key } = peer_connections.find(({ peer_connection_id }) => peer_connection_id === id)!;
    return events.filter((event) => event.peer_connection === key && event.kind === kind).map(({ payload }) => payload["reason"]);
  };
  for (const [id, reasons] of [["sound", []], ["throws", ["error"]], ["rejects", ["error"]], ["never", ["no_answer"]], ["slow", []]] as const) assert.deepEqual(told(id, "get_stats_failed"), reasons, id);
  assert.equal(told("slow", "get_stats_slow").length, reports["slow"]);
});

test("a page whose timers stood still has a gap, and then goes on at its pace", async () => {
  const visited = await visit(browser, sidetone);
  await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    const [from] = await loopback.connect();
    client.observe(from, { id: "asleep" });
    await loopback.until(() => loopback.reports[0]! >= 3);
    for (const end = performance.now() + 5000; performance.now() < end; );
    await loopback.until(() => loopback.reports[0]! >= 6);
    await loopback.leave(client);
  }, optionsOf(sidetone, "sleep"));
  await visited.close();
  const [connection] = (await sidetone.conference("sleep")).peer_connections;
  const times = (await sidetone.reports(connection!.key)).map(({ time_ms }) => time_ms);
  const pauses = times.slice(1).map((time, index) => time - times[index]!);
  const gap = pauses.findIndex((pause) => pause > 4000);
  assert.ok(gap >= 0, `pauses: ${pauses}`);
  // One that was due meanwhile, one each second, and two at the end, when the page sends what it has and leaves: what was slept through is not
  // caught up, which would be five more.
  const after = times.slice(gap + 1);
  assert.ok(after.length <= (after.at(-1)! - after[0]!) / 1000 + 4, `pauses: ${pauses}`);
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
  const taken = () => visited.page.evaluate(() => loopback.reports[0]!);
  await visited.page.context().setOffline(true);
  const [before, from] = [await taken(), Date.now()];
  await until("reports are taken offline", async () => (await taken()) >= before + 5);
  const to = Date.now();
  await visited.page.context().setOffline(false);
  await visited.page.evaluate(() => loopback.leave((globalThis as unknown as { client: Parameters<typeof loopback.leave>[0] }).client));
  await visited.close();
  const { key, peer_connections } = await sidetone.conference("offline");
  const offline = (await sidetone.reports(peer_connections[0]!.key)).filter(({ time_ms }) => time_ms >= from && time_ms <= to);
  assert.ok(offline.length >= 5, `${offline.length} reports of the time offline`);
  const kinds = (await sidetone.events(key)).map(({ kind }) => kind);
  assert.ok(kinds.includes("offline") && kinds.includes("online") && !kinds.includes("dropped"), kinds.join());
});

test("an event that cannot be told is left out and counted, and harms neither reports nor other events", async () => {
  const visited = await visit(browser, sidetone);
  const { reports, failures } = await visited.page.evaluate(async (options) => {
    // One batch holds it all.
    const client = loopback.join({ ...options, uploadIntervalMs: 3_600_000 });
    await client.flush();
    const [from] = await loopback.connect();
    client.observe(from, { id: "sound" });
    await loopback.until(() => loopback.reports[0]! >= 3);
    const event = client.event.bind(client) as (kind: unknown, payload: unknown, peerConnection: RTCPeerConnection) => void;
    for (const [kind, payload] of [["note", "a text"], ["note", null], ["note", { count: 1n }], [undefined, {}], ["note", { text: "well" }]]) event(kind, payload, from);
    await loopback.leave(client);
    return { reports: loopback.reports[0]!, failures: loopback.failures.map(({ code }) => code) };
  }, optionsOf(sidetone, "misspoken"));
  await visited.close();
  assert.deepEqual([failures, visited.complaints], [["event_invalid"], []]);
  const { key, peer_connections } = await sidetone.conference("misspoken");
  assert.equal(peer_connections[0]?.report_count, reports);
  const events = await sidetone.events(key);
  assert.deepEqual(events.filter(({ kind }) => kind === "note").map(({ payload }) => payload), [{ text: "well" }]);
  assert.deepEqual(events.filter(({ kind }) => kind === "dropped").map(({ payload }) => payload), [{ reports: 0, events: 4, reason: "event_invalid" }]);
});

test("ids that are numbers are texts, and what is null is left out", async () => {
  for (const words of ["'wasm-unsafe-eval'", ""]) {
    const visited = await visit(browser, sidetone, { policy: policy(words) });
    const conference = `numbers ${words}`;
    await visited.page.evaluate(async (given) => {
      const options = { ...given, userId: 42, userName: null, additionalIds: { crm: 7 } } as object as typeof given;
      const client = loopback.join(options);
      client.observe((await loopback.connect())[0], { id: 5 as unknown as string });
      await loopback.until(() => loopback.reports[0]! >= 3);
      await loopback.leave(client);
    }, optionsOf(sidetone, conference));
    await visited.close();
    const { key, participants, peer_connections } = await sidetone.conference(conference);
    assert.deepEqual([participants[0]?.user_id, peer_connections.map(({ peer_connection_id }) => peer_connection_id)], ["42", ["5"]]);
    const joined = (await sidetone.events(key)).find(({ kind }) => kind === "joined")?.payload;
    assert.deepEqual([joined?.["additional_ids"], joined && "user_name" in joined], [{ crm: "7" }, false]);
  }
});
