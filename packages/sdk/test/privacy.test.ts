// Addresses become words before they leave the page: the words of docs/privacy.md.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { hide, OPEN, permitted, permittedPayload, type Policy, STRICT, withoutAddresses } from "../src/privacy.ts";
import { BatchBuilder } from "../src/batch.ts";
import { decoded, engine } from "./engine.ts";

test("each address becomes the word for its sort", () => {
  for (const [address, word] of [
    ["192.168.1.7", "ipv4-private"],
    ["10.0.0.1", "ipv4-private"],
    ["172.16.0.1", "ipv4-private"],
    ["172.32.0.1", "ipv4-public"],
    ["100.64.0.1", "ipv4-private"],
    ["169.254.3.4", "ipv4-private"],
    ["127.0.0.1", "ipv4-private"],
    ["203.0.113.9", "ipv4-public"],
    ["::1", "ipv6-private"],
    ["fd00::1", "ipv6-private"],
    ["fe80::1%eth0", "ipv6-private"],
    ["2001:db8::1", "ipv6-public"],
    ["::ffff:203.0.113.9", "ipv4-public"],
    ["0b1c7a8e-3f2d-4c5e-9a1b-2c3d4e5f6a7b.local", "mdns"],
    ["[redacted]", "hidden"],
  ]) {
    assert.deepEqual(withoutAddresses({ address }), { address: word }, address);
    assert.deepEqual(withoutAddresses({ address: word }), { address: word }, "what was hidden once stays");
  }
});

test("what is no address stays, and the original is not touched", () => {
  const candidate = { type: "local-candidate", address: "192.168.1.7", port: 5, relatedAddress: null, foundation: "123", url: "turn:203.0.113.9:3478?transport=udp", candidateType: "relay" };
  const before = structuredClone(candidate);
  const after = permitted(candidate, STRICT);
  assert.deepEqual(after, { type: "local-candidate", address: "ipv4-private", port: 5, relatedAddress: null, url: "turn:ipv4-public:3478?transport=udp", candidateType: "relay" });
  assert.deepEqual(candidate, before);
  assert.equal(permitted(candidate, { keepAddresses: true, keepSdp: true }), candidate);
  const inbound = { type: "inbound-rtp", ssrc: 1 };
  assert.equal(permitted(inbound, STRICT), inbound);
});

test("addresses are found wherever they stand in a text, as the server finds them", () => {
  for (const [text, told] of [
    ["203.0.113.7:5000", "ipv4-public:5000"],
    ["203.000.113.007", "ipv4-public"],
    ["[2001:db8::7]:443", "[ipv6-public]:443"],
    ["turn:203.0.113.7:3478?transport=udp", "turn:ipv4-public:3478?transport=udp"],
    ["no route to fd00::2: refused, nor to 203.0.113.7.", "no route to ipv6-private: refused, nor to ipv4-public."],
    ["from fe80::1%eth0, ::1 and ::ffff:203.0.113.7", "from ipv6-private, ipv6-private and ipv4-public"],
    ["2001:db8:0:0:0:0:0:1 and 64:ff9b:0:0:0:0:203.0.113.7", "ipv6-public and ipv6-public"],
    ["addr:2001:db8::1", "addr:ipv6-public"],
    ["IP4=203.0.113.7.5000;a203.0.113.7", "IP4=ipv4-public;aipv4-public"],
    ["12345:fd00::2", "12345:ipv6-private"],
    ["fe80::1, 2001:db8:0:1:2:3:4:5", "ipv6-private, ipv6-public"],
    ["2001:db8:0:1:2:3:4:5: refused", "ipv6-public: refused"],
    ["2001:db8::: refused", "ipv6-public: refused"],
    ["refused:::1", "refused:ipv6-private"],
    ["5d4f2c1e-0b1a-4c3d-9e8f-001122334455.local", "mdns"],
    ["candidate:842163049 1 udp 1677729535 203.0.113.7 45000 typ srflx raddr fd00::2 rport 9", "candidate:0 1 udp 1677729535 ipv4-public 45000 typ srflx raddr ipv6-private rport 9"],
  ] as const) {
    assert.equal(hide(text), told);
    assert.equal(hide(told), told, "what was hidden once stays");
  }
});

test("what only looks like an address stays", () => {
  for (const text of [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "147.0.7727.55",
    "v1.2.3.4",
    "0.0.0.0",
    "::",
    "12:34:56",
    "2026-11-21T22:00:00.000Z",
    "std::vector",
    "turn:turn.example.org:3478?transport=udp",
    "0C:D6:BE:F0:45:4A:D7:7B:80:B0:3B:96:33:82:0A:85:84:C2:16:B6:B7:B4:90:78:41:69:37:DD:37:A1:81:C4",
    "インターネット::電話",
    "printer.local",
  ]) assert.equal(hide(text), text);
});

test("an event says no more than is permitted, however deep it says it", () => {
  const sdp = "v=0\r\no=- 46117317 2 IN IP4 203.0.113.7\r\n";
  const told = (payload: object, policy: Policy, kind = "said") => permittedPayload(kind, JSON.stringify(payload), policy);
  const said = { servers: ["turn:203.0.113.7"], deep: { address: "host.of.ada.example", sdp: `offer: ${sdp}` }, port: 9 };
  assert.equal(told(said, STRICT), JSON.stringify({ servers: ["turn:ipv4-public"], deep: { address: "hidden", sdp: "offer: sdp" }, port: 9 }));
  assert.equal(told(said, OPEN), JSON.stringify(said));
  assert.equal(told({ tried: { "203.0.113.7": 3, "relay:443": 1 }, remoteAddress: "host.of.ada.example" }, STRICT), JSON.stringify({ tried: { "relay:443": 1 }, remoteAddress: "hidden" }));
  const description = { type: "offer", sdp };
  assert.equal(told(description, STRICT, "set_local_description"), undefined);
  assert.equal(told(description, OPEN, "set_local_description"), JSON.stringify(description));
  // The app keeps all, the page does not (`addresses: false`).
  assert.match(told(description, { keepAddresses: false, keepSdp: true }, "set_local_description")!, /IN IP4 ipv4-public/);
  assert.equal(told({ user_name: "203.0.113.7" }, STRICT, "joined"), JSON.stringify({ user_name: "203.0.113.7" }));
});

test("what may leave the page is said when it leaves", () => {
  let policy: Policy = STRICT;
  const builder = new BatchBuilder({ conferenceId: "c", userId: "u", participantId: "p" }, "pc0", () => undefined, () => policy);
  const taken = () => (JSON.parse(new TextDecoder().decode(builder.take(0)?.body)) as { events: { kind: string; payload: { address?: string } }[] }).events;
  builder.event("ice_candidate", { address: "203.0.113.7" }, 0);
  builder.event("set_local_description", { type: "offer", sdp: "v=0\r\n" }, 0);
  builder.event("lost 203.0.113.7", {}, 0);
  assert.deepEqual(taken(), [
    { time_ms: 0, kind: "ice_candidate", payload: { address: "ipv4-public" } },
    { time_ms: 0, kind: "lost ipv4-public", payload: {} },
  ]);
  builder.event("ice_candidate", { address: "203.0.113.7" }, 0);
  builder.event("set_local_description", { type: "offer", sdp: "v=0\r\n" }, 0);
  policy = OPEN;
  assert.deepEqual(taken().map(({ kind, payload }) => [kind, payload.address]), [["ice_candidate", "203.0.113.7"], ["set_local_description", undefined]]);
});

for (const trace of ["av-pc0", "firefox/firefox-av-pc0"]) {
  test(`no address is left in the reports of ${trace}`, () => {
    const text = readFileSync(new URL(`../../../testdata/traces/${trace}.jsonl`, import.meta.url), "utf8");
    const address = /\b\d{1,3}(\.\d{1,3}){3}\b|\b[\da-f]{1,4}(:[\da-f]{0,4}){4,7}\b|\.local\b/i;
    let found = 0;
    for (const line of text.split("\n").filter(Boolean)) {
      const { report } = JSON.parse(line) as { report: Record<string, object> };
      for (const stats of Object.values(report).filter((stats) => (stats as { type: string }).type.endsWith("-candidate"))) {
        if (address.test(JSON.stringify(stats))) found++;
        assert.doesNotMatch(JSON.stringify(permitted(stats, STRICT)), address);
      }
    }
    assert.ok(found > 0, "the trace has addresses to hide");
  });
}

test("the engine is told what is permitted at that moment, and no more", () => {
  const text = readFileSync(new URL("../../../testdata/traces/av-pc0.jsonl", import.meta.url), "utf8");
  const lines = text.split("\n").slice(5, 9).map((line) => JSON.parse(line) as { t: number; report: Record<string, object> });
  let policy: Policy = STRICT;
  const recording = engine.recording(() => policy);
  const expected = lines.map(({ t, report }, index) => {
    policy = index === 1 ? OPEN : STRICT;
    recording.push(t, new Map(Object.entries(report)), false);
    return { time_ms: t, stats: Object.fromEntries(Object.entries(report).map(([id, stats]) => [id, permitted(stats, policy)])) };
  });
  const of = { conferenceId: "c", userId: "u", participantId: "p", peerConnectionId: "pc", batchSeq: 0, sentMs: 0 };
  assert.deepEqual(decoded(recording.takeBatch(of))["reports"], expected);
  assert.notDeepEqual(expected[1]?.stats, expected[2]?.stats);
  recording.free();
});
