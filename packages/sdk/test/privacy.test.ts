// Addresses become words before they leave the page: the words of docs/privacy.md.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { OPEN, permitted, type Policy, STRICT, withoutAddresses } from "../src/privacy.ts";
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
