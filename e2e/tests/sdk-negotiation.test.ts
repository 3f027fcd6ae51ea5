/** Descriptions and candidates that Chromium refuses: told, and the page has its answer as if nobody had looked. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Browser } from "playwright-core";
import { launchChromium } from "../src/browsers.ts";
import { optionsOf, visit } from "../src/loopback.ts";
import { setUp } from "../src/setup.ts";
import { Sidetone } from "../src/sidetone.ts";

let sidetone: Sidetone;
let browser: Browser;

setUp(async (start) => {
  sidetone = await start("Sidetone", Sidetone.start());
  browser = await start("Chromium", launchChromium());
});

/** No description, with what must not leave the page in it. */
const GARBAGE = "v=0\r\no=- 1 2 IN IP4 192.0.2.7\r\na=ice-pwd:whisper\r\n";

/** Runs in the page: makes every function that negotiates fail, in its new form and its old one. Gives all that the page sees of it. */
async function refuse(sdp: string, make: "bare" | "explicit" | "automatic"): Promise<unknown> {
  const client = (globalThis as { client?: ReturnType<typeof loopback.join> }).client!;
  const handle = make === "automatic" ? client.observeAll() : undefined;
  const peerConnection = new RTCPeerConnection();
  const observation = make === "explicit" ? client.observe(peerConnection) : undefined;
  const unhandled: string[] = [];
  const note = (event: PromiseRejectionEvent) => {
    unhandled.push((event.reason as Error).message);
    event.preventDefault();
  };
  window.addEventListener("unhandledrejection", note);
  const said = (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`;
  const of = async (answer: unknown) => [answer instanceof Promise, await (answer as Promise<unknown>).then((value) => `${value}`, said)];
  const seen: unknown[] = [];
  const old = peerConnection as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const names = ["createOffer", "createAnswer", "setLocalDescription", "setRemoteDescription", "addIceCandidate"];
  for (const name of names) seen.push([name, old[name]!.name, old[name]!.length, /native code/.test(`${old[name]}`)]);
  const candidate = { candidate: "candidate:1 1 udp 1 192.0.2.9 9 typ host", sdpMid: "0" };
  const fails: [string, ...unknown[]][] = [
    ["createAnswer"],
    ["setLocalDescription", { type: "answer", sdp }],
    ["setRemoteDescription", { type: "offer", sdp }],
    ["setRemoteDescription", { type: "nonsense", sdp }],
    ["setRemoteDescription"],
    ["addIceCandidate", candidate],
  ];
  for (const [name, ...given] of fails) seen.push(await of(old[name]!(...given)));
  for (const [name, ...given] of [["createAnswer"], ["setLocalDescription", { type: "answer", sdp }], ["setRemoteDescription", { type: "offer", sdp }], ["addIceCandidate", candidate]] as [string, ...unknown[]][]) {
    const called: string[] = [];
    const answer = old[name]!(...given, () => called.push("success"), (error: unknown) => called.push(said(error)));
    seen.push(name, await of(answer));
    await loopback.until(() => called.length > 0);
    seen.push(called);
  }
  // Nobody looks after this one.
  void old["createAnswer"]!();
  await loopback.until(() => unhandled.length > 0);
  // What works goes on to work, in both forms.
  await new Promise<void>((resolve, reject) => void old["createOffer"]!(() => resolve(), reject, { offerToReceiveVideo: true }));
  const offer = await peerConnection.createOffer({ offerToReceiveAudio: true });
  await new Promise<void>((resolve, reject) => void old["setLocalDescription"]!(offer, resolve, reject));
  seen.push(offer.type, peerConnection.signalingState, unhandled);
  observation?.stop();
  handle?.stop();
  if (make !== "bare") await client.stop();
  seen.push(Object.getOwnPropertyNames(peerConnection), names.every((name) => old[name] === (RTCPeerConnection.prototype as unknown as Record<string, unknown>)[name]));
  await peerConnection.createAnswer().catch(() => undefined);
  peerConnection.close();
  seen.push(await of(peerConnection.createOffer()));
  window.removeEventListener("unhandledrejection", note);
  return seen;
}

/** What the server has of refusals. */
async function refused(conference: string): Promise<(readonly [kind: string, error: unknown])[]> {
  const events = await sidetone.events((await sidetone.conference(conference)).key);
  assert.ok(!JSON.stringify(events).includes("whisper") && !JSON.stringify(events).includes("192.0.2."), "neither descriptions nor addresses leave the page");
  return events.filter(({ kind }) => kind.endsWith("_failed")).map(({ kind, payload }) => [kind, payload["error"]]);
}

for (const make of ["explicit", "automatic"] as const) {
  test(`in the ${make} mode the page sees of a refusal what it sees without us, and the server is told`, async () => {
    const visited = await visit(browser, sidetone);
    const seen = async (of: "bare" | typeof make) => {
      await visited.page.evaluate((options) => void Object.assign(globalThis, { client: loopback.join(options) }), optionsOf(sidetone, of));
      return visited.page.evaluate(`(${refuse.toString()})(${JSON.stringify(GARBAGE)}, ${JSON.stringify(of)})`);
    };
    const bare = await seen("bare");
    assert.deepEqual(await seen(make), bare);
    const of = (kind: string, count: number, error: string) => Array.from({ length: count }, () => [`${kind}_failed`, error]);
    const told = await refused(make);
    assert.deepEqual(told.filter(([kind]) => kind === "create_answer_failed"), of("create_answer", 3, "InvalidStateError"), "and not what came after the end");
    assert.deepEqual(told.filter(([kind]) => kind === "set_remote_description_failed").map(([, error]) => error), ["OperationError", "TypeError", "TypeError", "OperationError"], JSON.stringify(told));
    assert.deepEqual(told.filter(([kind]) => kind === "add_ice_candidate_failed"), of("add_ice_candidate", 2, "InvalidStateError"));
    assert.equal(told.filter(([kind]) => kind === "set_local_description_failed").length, 2, JSON.stringify(told));
    await visited.close();
    assert.deepEqual(visited.complaints, []);
  });
}

test("what somebody puts over us or beneath us goes on to be called", async () => {
  const visited = await visit(browser, sidetone);
  const seen = await visited.page.evaluate(async (options) => {
    const client = loopback.join(options);
    const peerConnection = new RTCPeerConnection();
    client.observe(peerConnection);
    const calls: string[] = [];
    const noting = (name: string, call: () => Promise<never>) =>
      function (this: RTCPeerConnection) {
        calls.push(name);
        return call.apply(this);
      };
    const prototype = RTCPeerConnection.prototype as unknown as { createAnswer(): Promise<never> };
    prototype.createAnswer = noting("beneath", prototype.createAnswer);
    await peerConnection.createAnswer().catch(() => undefined);
    const over = noting("over", peerConnection.createAnswer as () => Promise<never>);
    Object.assign(peerConnection, { createAnswer: over });
    await peerConnection.createAnswer().catch(() => undefined);
    await loopback.leave(client);
    const isKept = (peerConnection.createAnswer as unknown) === over;
    await peerConnection.createAnswer().catch(() => undefined);
    return { calls, isKept };
  }, optionsOf(sidetone, "among others"));
  await visited.close();
  assert.deepEqual([seen, visited.complaints], [{ calls: ["beneath", "over", "beneath", "over", "beneath"], isKept: true }, []]);
  assert.equal((await refused("among others")).length, 2);
});

test("a call whose description is refused never came to be, and its page says why", async () => {
  const visited = await visit(browser, sidetone);
  await visited.page.evaluate(async ({ options, sdp }) => {
    const client = loopback.join(options);
    client.observeAll();
    const peerConnection = new RTCPeerConnection();
    peerConnection.addTransceiver("audio");
    await peerConnection.setLocalDescription();
    await peerConnection.setRemoteDescription({ type: "answer", sdp }).catch(() => undefined);
    await loopback.leave(client);
  }, { options: optionsOf(sidetone, "never"), sdp: GARBAGE });
  await visited.close();
  const { key, diagnoses } = await sidetone.finalised("never");
  assert.deepEqual(diagnoses.map(({ cause, sender }) => [cause, sender !== null]), [["negotiation_failed", true]]);
  const page = await (await sidetone.logIn()).text(`/conferences/${key}`);
  assert.match(page, /ada's connection failed because its description \(SDP\) was refused/);
  assert.match(page, /set_remote_description_failed/);
});
