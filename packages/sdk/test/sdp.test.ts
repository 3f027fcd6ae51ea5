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

test("without wishes nothing is changed", () => {
  assert.equal(editSdp(OFFER, none), OFFER);
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
  assert.equal(editSdp(OFFER, { ...none, codecs: ["iLBC"] }), OFFER);
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
