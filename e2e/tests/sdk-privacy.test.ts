/** What leaves the page: addresses and session descriptions only where the app keeps them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import type { Sidetone as Client } from "../../packages/sdk/src/index.ts";
import { launchChromium } from "../src/browsers.ts";
import { optionsOf, visit, type Visit } from "../src/loopback.ts";
import { during, setUp } from "../src/setup.ts";
import { run, Sidetone } from "../src/sidetone.ts";
import { until } from "../src/wait.ts";

let browser: Browser;

setUp(async (start) => void (browser = await start("Chromium", launchChromium())));

/** A page, and everything that it sends, as text: its policy forbids WebAssembly, so that it sends JSON. */
async function overheard(sidetone: Sidetone): Promise<Visit & { readonly bodies: readonly string[] }> {
  const policy = `default-src 'none'; img-src data:; script-src 'self' ${sidetone.url}; connect-src ${sidetone.url}`;
  const visited = await visit(browser, sidetone, { policy });
  const bodies: string[] = [];
  visited.page.on("request", (request) => {
    const body = request.postDataBuffer();
    if (body) bodies.push((request.headers()["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString());
  });
  return { ...visited, bodies };
}

/** Everything that a page sends during a call. */
async function sent(sidetone: Sidetone, conference: string): Promise<string> {
  const visited = await overheard(sidetone);
  // The call begins before the server has said what may leave the page.
  let answer = () => {};
  const begun = new Promise<void>((resolve) => (answer = resolve));
  await visited.page.route("**/v1/app", async (route) => {
    await begun;
    await route.continue();
  });
  const left = visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    client.observeAll();
    const [from] = await loopback.connect();
    await loopback.until(() => from.iceGatheringState === "complete");
    Object.assign(globalThis, { begun: true });
    // Where else addresses may stand: the servers that are configured, errors, and whatever the app says.
    const other = new RTCPeerConnection({ iceServers: [{ urls: ["turn:203.0.113.5:3478", "turn:[2001:db8::5]:3478"], username: "ada", credential: "secret" }] });
    const unanswered = new RTCPeerConnection();
    unanswered.getStats = () => Promise.reject(new Error("no route to 203.0.113.6, nor to 2001:db8::6"));
    const devices = navigator.mediaDevices;
    const refused = await devices.getUserMedia({ audio: { deviceId: { exact: "203.0.113.7" } } }).catch(() => true);
    client.event("note", { text: "203.0.113.8 does not answer", deep: [{ sdp: from.localDescription?.sdp }] });
    await loopback.until(() => loopback.reports.every((count) => count >= 2));
    await loopback.leave(client);
    for (const connection of [other, unanswered]) connection.close();
    return refused;
  }, optionsOf(sidetone, conference));
  await visited.page.waitForFunction(() => "begun" in globalThis);
  answer();
  assert.equal(await left, true);
  await visited.close();
  return visited.bodies.join("\n");
}

/** Anywhere; a browser's version looks like one, but for its zeros. */
const ADDRESS = /\b(?!\d+\.0\.0\.0\b)\d{1,3}(\.\d{1,3}){3}\b|\b[\da-f]{1,4}(:[\da-f]{1,4})*::[\da-f]|[^\w:]::1\b|\.local\b/i;

test("no address and no session description leaves the page unless the app keeps them", () =>
  during(async (start) => {
    const sidetone = await start("Sidetone", Sidetone.start());
    const text = await sent(sidetone, "hidden");
    assert.match(text, /"type":"local-candidate"/);
    assert.match(text, /"address":"ipv4-(private|public)"/);
    for (const told of ["turn:ipv4-public:3478", "turn:[ipv6-public]:3478", "no route to ipv4-public, nor to ipv6-public", "ipv4-public does not answer"]) assert.ok(text.includes(told), told);
    assert.equal(ADDRESS.exec(text)?.[0], undefined);
    assert.doesNotMatch(text, /v=0|a=candidate|set_(local|remote)_description/);
    for (const kind of ["batch", "event"]) assert.equal(await sidetone.metric(`sidetone_addresses_hidden_total{kind="${kind}"}`), 0, `the server found a ${kind} with something to hide`);
  }));

test("an app that keeps them gets them", () =>
  during(async (start) => {
    const sidetone = await start("Sidetone", Sidetone.start({ app: ["--keep-addresses"] }));
    const text = await sent(sidetone, "kept");
    for (const address of ["203.0.113.5", "2001:db8::6", "203.0.113.8"]) assert.ok(text.includes(address), address);
    const { key } = await sidetone.conference("kept");
    const events = await sidetone.events(key);
    for (const kind of ["set_local_description", "set_remote_description"]) {
      const told = events.filter((event) => event.kind === kind);
      // From the first on, of both ends, although the server had not said yet that it keeps them.
      assert.deepEqual([...new Set(told.map(({ payload }) => payload["type"]))].sort(), ["answer", "offer"], kind);
      for (const { payload } of told) assert.match(String(payload["sdp"]), /^v=0\r\n/, kind);
    }
    const candidates = events.filter(({ kind, payload }) => kind === "ice_candidate" && payload["address"]);
    assert.ok(candidates.length >= 2, "candidates came before the server's answer");
    for (const { payload } of candidates) assert.match(String(payload["address"]), ADDRESS);
  }));

test("a setting that is changed in mid-call holds in the page from the next batch on", () =>
  during(async (start) => {
    const sidetone = await start("Sidetone", Sidetone.start({ app: ["--keep-addresses"] }));
    const { page, bodies, close } = await overheard(sidetone);
    await page.evaluate(async (options) => {
      const client = loopback.join({ ...options, uploadIntervalMs: 1000 });
      client.observeAll();
      await loopback.connect();
      Object.assign(globalThis, { client });
    }, optionsOf(sidetone, "changed"));
    /** Says it again until it arrives in these words. */
    const says = (text: string, told: string) =>
      until(`the page tells ${told}`, async () => {
        await page.evaluate((text) => (globalThis as unknown as { client: Client }).client.event("note", { text }), text);
        return bodies.some((body) => body.includes(told));
      });
    const allow = (keep: boolean) => run("app", "set", "e2e", `--keep-addresses=${keep}`, "--data", sidetone.data);
    await says("203.0.113.1 answers", "203.0.113.1 answers");
    allow(false);
    await says("203.0.113.2 answers", "ipv4-public answers");
    // What was written down before may wait for its turn.
    const hidden = bodies.length + 3;
    await until("there are reports of candidates after it", async () => bodies.slice(hidden).some((body) => body.includes('"type":"local-candidate"')));
    assert.equal(ADDRESS.exec(bodies.slice(hidden).join("\n"))?.[0], undefined);
    allow(true);
    await says("203.0.113.3 answers", "203.0.113.3 answers");
    await close();
  }));

test("where the server could not be asked its answer to the first batch counts, and what was held back until then is told", () =>
  during(async (start) => {
    const sidetone = await start("Sidetone", Sidetone.start({ app: ["--keep-addresses"] }));
    const { page, bodies, close } = await overheard(sidetone);
    await page.route("**/v1/app", (route) => route.abort());
    let answer = () => {};
    const begun = new Promise<void>((resolve) => (answer = resolve));
    await page.route("**/v1/batches", async (route) => {
      await begun;
      await route.continue();
    });
    await page.evaluate(async (options) => {
      loopback.join(options).observeAll();
      await loopback.connect();
    }, optionsOf(sidetone, "unasked"));
    answer();
    await until("both descriptions are told", async () => ["local", "remote"].every((side) => bodies.some((body) => body.includes(`set_${side}_description`) && body.includes("v=0"))));
    assert.doesNotMatch(bodies[0]!, /v=0|set_(local|remote)_description/, "the first knew nothing of it");
    await close();
  }));
