// What is sent of a session description.

import assert from "node:assert/strict";
import { test } from "node:test";
import { editSdp, isHolding, mendSdp, showsScreen, showsVideo } from "../src/phone/sdp.ts";

/** As Chromium 130 offers audio, shortened. */
const OFFER = [
  "v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126", "c=IN IP4 0.0.0.0", "a=mid:0", "a=sendrecv",
  "a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc", "a=fmtp:111 minptime=10;useinbandfec=1",
  "a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111",
  "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:13 CN/8000",
  "a=rtpmap:110 telephone-event/48000", "a=rtpmap:126 telephone-event/8000", "",
].join("\r\n");

const none = { codecs: undefined, maxAverageBitrate: undefined };

test("without wishes all codecs are offered, but for the redundancy that nobody would send", () => {
  const edited = editSdp(OFFER, none);
  assert.match(edited, /^m=audio 9 UDP\/TLS\/RTP\/SAVPF 111 9 0 8 13 110 126\r$/m);
  const kept = OFFER.split("\r\n").filter((line) => !/^m=|:63 /.test(line));
  assert.deepEqual(edited.split("\r\n").filter((line) => !line.startsWith("m=")).sort(), kept.sort());
  assert.equal(editSdp(edited, none), edited);
  // Who prefers it sends it.
  const preferred = editSdp(OFFER.replace(" 111 63 ", " 63 111 "), none);
  assert.match(preferred, /^m=audio 9 UDP\/TLS\/RTP\/SAVPF 63 111 9 /m);
  assert.match(preferred, /^a=fmtp:63 111\/111\r$/m);
});

/** As Firefox 140 offers audio, shortened. */
const OF_FIREFOX = [
  "v=0", "o=mozilla 1 0 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101", "c=IN IP4 0.0.0.0", "a=sendrecv",
  "a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1", "a=fmtp:101 0-15", "a=mid:0",
  "a=rtcp-fb:109 transport-cc", "a=rtcp-fb:9 transport-cc", "a=rtcp-fb:0 transport-cc", "a=rtcp-fb:8 transport-cc", "a=rtcp-mux",
  "a=rtpmap:109 opus/48000/2", "a=rtpmap:9 G722/8000/1", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000/1",
  "a=setup:actpass", "",
].join("\r\n");

/** What `lib/utils/codecPreference.ts` of Plivo's Browser SDK 2.2.21 makes of an offer. */
function spoil(sdp: string): string {
  const payloadOf = (codec: string) => new RegExp(`a=rtpmap:(\\d+) ${codec}`, "i").exec(sdp)?.[1];
  const chosen = sdp.replace(/m=audio .*[a-z] (.*)/i, (line, payloads: string) => line.replace(payloads, `${payloadOf("OPUS")} ${payloadOf("PCMU")}`));
  return ["G722", "PCMA", "ISAC", "CN"].reduce((text, codec) => {
    const payload = payloadOf(codec);
    return text
      .replace(new RegExp(`\na=rtpmap:.*${codec}/.*`, "gi"), "")
      .replace(new RegExp(`\na=fmtp:${payload} (.*)`, "gi"), "")
      .replace(new RegExp(`\na=rtcp-fb:${payload} (.*)`, "gi"), "");
  }, chosen);
}

test("an offer stays one that Chromium takes when Plivo's client has been at it", () => {
  for (const offer of [OFFER, OF_FIREFOX]) {
    const lines = spoil(editSdp(offer, none)).split("\n");
    const payloads = /^m=audio \S+ \S+ (.*)\r$/.exec(lines.find((line) => line.startsWith("m=")) ?? "")?.[1]?.split(" ") ?? [];
    assert.equal(payloads.length, 2, offer);
    for (const line of lines) {
      // Parameters of a payload type that is not there are an error; its name is not.
      const [, attribute, payload] = /^a=(rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line) ?? [];
      if (attribute && attribute !== "rtpmap") assert.ok(payloads.includes(payload!), line);
      if (line.endsWith("\r\r")) assert.ok(attribute === "rtpmap" && !payloads.includes(payload!), JSON.stringify(line));
    }
  }
});

test("codecs are kept in the order wished, with the telephone-event of their clock; lines of the others go", () => {
  const edited = editSdp(OFFER, { ...none, codecs: ["PCMU", "opus"] });
  assert.match(edited, /^m=audio 9 UDP\/TLS\/RTP\/SAVPF 0 111 110 126\r$/m);
  // RFC 4733 §2.1: an event has the clock of the codec it stands in for.
  assert.match(editSdp(OFFER, { ...none, codecs: ["PCMA"] }), /^m=audio 9 UDP\/TLS\/RTP\/SAVPF 8 126\r$/m);
  for (const payload of [63, 9, 8, 13]) assert.doesNotMatch(edited, new RegExp(`^a=(rtpmap|fmtp|rtcp-fb):${payload} `, "m"));
  assert.match(edited, /^a=fmtp:111 minptime=10;useinbandfec=1\r$/m);
  assert.ok(edited.endsWith("\r\n") && !edited.includes("\r\n\r\n"));
});

test("codecs that nobody offers leave the offer as it is", () => {
  assert.match(editSdp(OFFER, { ...none, codecs: ["iLBC"] }), /^m=audio 9 UDP\/TLS\/RTP\/SAVPF 111 63 9 0 8 13 110 126\r$/m);
});

test("payload types without a name are known by their number", () => {
  const bare = OFFER.replace("a=rtpmap:0 PCMU/8000\r\n", "");
  assert.match(editSdp(bare, { ...none, codecs: ["PCMU"] }), /^m=audio 9 UDP\/TLS\/RTP\/SAVPF 0 126\r$/m);
});

test("the bit rate of Opus is said once, beside what is there, and where nothing is", () => {
  const edited = editSdp(OFFER, { ...none, maxAverageBitrate: 24_000 });
  assert.match(edited, /^a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=24000\r$/m);
  assert.equal(editSdp(edited, { ...none, maxAverageBitrate: 24_000 }), edited);
  const bare = OFFER.replace("a=fmtp:111 minptime=10;useinbandfec=1\r\n", "");
  assert.match(editSdp(bare, { ...none, maxAverageBitrate: 24_000 }), /a=rtpmap:111 opus\/48000\/2\r\na=fmtp:111 maxaveragebitrate=24000\r\n/);
});

test("on hold is who offers no ear: RFC 3264 §8.4", () => {
  const video = (direction: string) => `m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=${direction}\r\n`;
  const audio = (direction: string) => OFFER.replace("a=sendrecv", `a=${direction}`);
  assert.equal(isHolding(OFFER), false);
  assert.equal(isHolding(audio("sendonly")), true);
  assert.equal(isHolding(audio("inactive")), true);
  assert.equal(isHolding(audio("recvonly")), false);
  assert.equal(isHolding(audio("sendonly") + video("sendrecv")), false);
  assert.equal(isHolding(audio("sendonly") + video("inactive")), true);
  // A stream that was taken away says nothing.
  assert.equal(isHolding(OFFER + video("inactive").replace("video 9", "video 0")), false);
  // A direction of the session is that of each stream without one.
  assert.equal(isHolding(OFFER.replace("a=sendrecv\r\n", "").replace("a=group", "a=sendonly\r\na=group")), true);
});

test("an offer as Plivo's client spoils it is mended: line ends, and lines of payload types that are not offered", () => {
  const lines = ["rtpmap:63 red/48000/2", "fmtp:63 111/111"].map((line) => `a=${line}\r\n`).join("");
  const without = OFFER.replace(" 63 ", " ").replace(lines, "");
  const spoiled = OFFER.replace(" 63 ", " ").replace("111/111\r\n", "111/111\r\r\n").replace("PCMU/8000\r\n", "PCMU/8000\r\r\r\n");
  assert.equal(mendSdp(spoiled), without);
  assert.equal(mendSdp(OFFER), OFFER);
});

test("a picture is shown by a stream of video that is sent, with a port that is not 0", () => {
  const video = (port: string, direction: string) => ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "m=audio 9 UDP/TLS/RTP/SAVPF 0", `m=video ${port} UDP/TLS/RTP/SAVPF 96`, `a=${direction}`, ""].join("\r\n");
  for (const direction of ["sendrecv", "sendonly", "mid:1"]) assert.equal(showsVideo(video("9", direction)), true, direction);
  for (const direction of ["recvonly", "inactive"]) assert.equal(showsVideo(video("9", direction)), false, direction);
  assert.equal(showsVideo(video("0", "sendrecv")), false);
  assert.equal(showsVideo(""), false);
});

test("a screen is told as slides (RFC 4796), and only where a picture is sent", () => {
  const described = (direction: string) => ["v=0", "s=-", "m=audio 9 UDP/TLS/RTP/SAVPF 0", "m=video 9 UDP/TLS/RTP/SAVPF 96", `a=${direction}`, ""].join("\r\n");
  const screen = { codecs: undefined, maxAverageBitrate: undefined, isScreen: true };
  const sent = editSdp(described("sendrecv"), screen);
  assert.equal(sent, `${described("sendrecv")}a=content:slides\r\n`);
  assert.equal(showsScreen(sent), true);
  assert.equal(showsScreen(sent.replace("content:slides", "content:speaker,slides")), true);
  assert.equal(showsScreen(described("sendrecv")), false);
  assert.equal(editSdp(described("recvonly"), screen), described("recvonly"));
  assert.equal(showsScreen(described("recvonly")), undefined);
});
