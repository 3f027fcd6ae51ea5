// The face of Plivo's Browser SDK: what is checked, counted and translated without a browser. Values are those that its SDK was seen to give.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ending, failedState } from "../src/compat/plivo/call-info.ts";
import { keyOf } from "../src/compat/plivo/dtmf.ts";
import { EventEmitter } from "../src/compat/plivo/emitter.ts";
import { feedbackOf } from "../src/compat/plivo/feedback.ts";
import { allowed, received } from "../src/compat/plivo/headers.ts";
import { Log } from "../src/compat/plivo/log.ts";
import { PRESETS } from "../src/compat/plivo/metrics-rules.ts";
import { mos } from "../src/compat/plivo/mos.ts";
import { settle } from "../src/compat/plivo/options.ts";
import { phoneOptions } from "../src/compat/plivo/phone-options.ts";
import { errorString, readClaims } from "../src/compat/plivo/tokens.ts";
import { browserDetails } from "../src/compat/plivo/browser.ts";
import { listHeaders } from "../src/phone/headers.ts";

const settings = (options: unknown) => settle(options).settings;

test("MOS is Plivo's", () => {
  for (const [rttMs, jitterMs, lossRatio, other, opus] of [
    [20, 0, 0, 4.394, 4.429],
    [150, 10, 0, 4.265, 4.314],
    [300, 20, 0, 3.606, 3.689],
    [400, 30, 0, 3.006, 3.1],
    [100, 10, 0.05, 3.924, 3.995],
    [100, 10, 0.1, 3.352, 3.441],
    [100, 10, 0.2, 2.062, 2.151],
  ] as const) {
    assert.deepEqual([mos({ rttMs, jitterMs, lossRatio }, false), mos({ rttMs, jitterMs, lossRatio }, true)], [other, opus], `${rttMs} ${jitterMs} ${lossRatio}`);
  }
  assert.equal(mos({ rttMs: 5000, jitterMs: 0, lossRatio: 0 }, true), 1);
});

test("options have Plivo's defaults", () => {
  const { debug, permOnClick, dtmf, audioConstraints, tracking, multipleCalls, maxAverageBitrate, registrationSeconds, codecs, dscp } = settings(undefined);
  assert.deepEqual(
    { debug, permOnClick, dtmf, audioConstraints, tracking, multipleCalls, maxAverageBitrate, registrationSeconds, codecs, dscp },
    {
      debug: "INFO",
      permOnClick: false,
      dtmf: { inband: true, outband: true },
      audioConstraints: {},
      tracking: { local: true, remote: true },
      multipleCalls: false,
      maxAverageBitrate: 48_000,
      registrationSeconds: 120,
      codecs: ["OPUS", "PCMU"],
      dscp: true,
    },
  );
});

test("an option that is not valid keeps its default, and the log says so", () => {
  for (const [given, name, expected] of [
    [{ debug: "loud" }, "debug", "INFO"],
    [{ debug: "error" }, "debug", "ERROR"],
    [{ permOnClick: "yes" }, "permOnClick", false],
    [{ maxAverageBitrate: 7999 }, "maxAverageBitrate", 48_000],
    [{ maxAverageBitrate: 8000.5 }, "maxAverageBitrate", 48_000],
    [{ maxAverageBitrate: 8000 }, "maxAverageBitrate", 8000],
    [{ registrationRefreshTimer: 59 }, "registrationSeconds", 120],
    [{ registrationRefreshTimer: 60 }, "registrationSeconds", 60],
    [{ registrationRefreshTimer: 86_401 }, "registrationSeconds", 120],
    [{ clientRegion: "mars" }, "clientRegion", undefined],
    [{ clientRegion: "south_asia" }, "clientRegion", "south_asia"],
    [{ codecs: ["OPUS", "G729"] }, "codecs", ["OPUS", "PCMU"]],
    [{ codecs: ["PCMU"] }, "codecs", ["PCMU"]],
    [{ dtmfOptions: { sendDtmfType: ["inband", "smoke"] } }, "dtmf", { inband: true, outband: false }],
    [{ dtmfOptions: { sendDtmfType: ["smoke"] } }, "dtmf", { inband: true, outband: true }],
    [{ registrationDomainSocket: "wss://a.example/sip, wss://b.example/sip" }, "servers", ["wss://a.example/sip", "wss://b.example/sip"]],
    [{ registrationDomainSocket: ["https://a.example"] }, "servers", undefined],
    [{ stopAutoRegisterOnConnect: true }, "autoRegister", false],
  ] as const) {
    assert.deepEqual((settings(given) as unknown as Record<string, unknown>)[name], expected, JSON.stringify(given));
  }
  assert.deepEqual(settle({ permOnClick: "yes", colour: "red", usePlivoStunServers: true, usePlivoStunServer: true }).warnings, [
    "`permOnClick` is not valid and ignored",
    "`colour` is no option and ignored",
  ]);
});

test("the rules of the page are a preset of the engine, under either name", () => {
  for (const [given, preset, rttMs] of [
    [undefined, "plivo", 400],
    ["document", "plivo", 400],
    ["plivo", "plivo", 400],
    ["shipped", "plivo-shipped", 400],
    ["plivo-shipped", "plivo-shipped", 400],
    ["twilio", "plivo", 400],
    [{ rttMs: 300 }, "plivo", 300],
    [{ preset: "plivo-shipped", rttMs: 300 }, "plivo-shipped", 300],
  ] as const) {
    const settled = settings({ mediaMetricsRules: given, iceServers: [] });
    assert.deepEqual([settled.preset, settled.rules], [preset, { ...PRESETS[preset], rttMs }], JSON.stringify(given));
    assert.equal(phoneOptions(settled).quality?.preset, preset);
    assert.equal(phoneOptions(settled).ringbackUntilAnswer, true, "announcements are for who switches the tone off");
  }
  assert.deepEqual(settle({ mediaMetricsRules: "twilio" }).warnings, ["`mediaMetricsRules` is not valid and ignored"]);
});

test("quality tracking has two sides", () => {
  for (const [quality, isTracking, local, remote] of [
    ["ALL", true, true, true],
    ["all", false, false, false],
    ["remoteonly", false, false, true],
    ["LOCALONLY", false, true, false],
    ["none", true, false, false],
    ["sometimes", true, true, true],
    ["ALL", "no", true, true],
  ] as const) {
    assert.deepEqual(settings({ enableQualityTracking: quality, enableTracking: isTracking }).tracking, { local, remote }, quality);
  }
});

test("header fields are those that Plivo lets through", () => {
  const value = "a".repeat(120);
  const { headers, dropped } = allowed({
    "X-PH-Test1": "test1",
    "x-ph-lower": "a_-+()%.",
    [`X-PH-${"a".repeat(19)}`]: value,
    [`X-PH-${"a".repeat(20)}`]: "too long a name",
    "X-PH-": "no name",
    "X-PH-Space": "two words",
    "X-PH-Long": `${value}a`,
    "X-PH-Empty": "",
    "X-PH-Split": "a\r\nRoute: evil",
    "X-Plivo-Jwt": `e30.${"a".repeat(200)}.b`,
    Route: "evil",
  });
  assert.deepEqual(Object.keys(headers), ["X-PH-Test1", "x-ph-lower", `X-PH-${"a".repeat(19)}`, "X-Plivo-Jwt"]);
  assert.equal(dropped.length, 7);
  assert.deepEqual(allowed(undefined), { headers: {}, dropped: [] });
});

test("received header fields have the names of Plivo's SDK, and are found by any", () => {
  const headers = received(listHeaders([["X-PH-Test1", "1"], ["X-PH-orderId", "2"], ["Via", "SIP/2.0/WS x"], ["X-CallUUID", "3"]]));
  assert.deepEqual(Object.keys(headers), ["X-Ph-Test1", "X-Ph-Orderid"]);
  assert.deepEqual(JSON.parse(JSON.stringify(headers)), { "X-Ph-Test1": "1", "X-Ph-Orderid": "2" });
  for (const name of ["X-PH-Test1", "x-ph-test1", "X-Ph-Test1"]) assert.equal(headers[name], "1", name);
  assert.equal(headers["X-PH-orderId"], "2");
});

test("who ended a call says how it is told", () => {
  for (const [cause, code] of [
    ["No Answer", 3000],
    ["Canceled", 1000],
    ["Rejected", 3020],
    ["Terminated", 11001],
    ["Ignored", 11002],
  ] as const) {
    assert.deepEqual(ending({ cause, originator: "local" }), { originator: "local", protocol: "none", reason: cause, code });
  }
  assert.deepEqual(ending({ cause: "Busy", originator: "remote" }), { originator: "remote", protocol: "none", reason: "none", code: -1 });
  const reason = { protocol: "Q.850", code: 16, text: "NORMAL_CLEARING" };
  assert.deepEqual(ending({ cause: "Terminated", originator: "remote", reason }), { originator: "remote", protocol: "Q.850", reason: "NORMAL_CLEARING", code: 16 });
  assert.deepEqual(["Rejected", "Canceled", "Busy", "Unavailable"].map(failedState), ["rejected", "canceled", "failed", "failed"]);
});

test("feedback is refused in Plivo's words and order", () => {
  const list = "AUDIO_LAG,BROKEN_AUDIO,CALL_DROPPED,CALLERID_ISSUES,DIGITS_NOT_CAPTURED,ECHO,HIGH_CONNECT_TIME,LOW_AUDIO_LEVEL,ONE_WAY_AUDIO,ROBOTIC_AUDIO,OTHERS";
  for (const [uuid, stars, issues, note, refusal] of [
    ["", 0, undefined, undefined, "callUUID is mandatory"],
    ["u", 0, ["ECHO"], "", "Star rating is Mandatory"],
    ["u", 6, ["ECHO"], "", "score should be from 1-5 range"],
    ["u", -1, ["ECHO"], "", "score should be from 1-5 range"],
    ["u", "good", ["ECHO"], "", "score should be from 1-5 range"],
    ["u", 3, "ECHO", "a".repeat(281), "Maximum length for note is 280 charecters"],
    ["u", 3, "ECHO", "", "Attribute issues should be an array"],
    ["u", 5, "ECHO", "", "Attribute issues should be an array"],
    ["u", 3, [], "", "Atleast one issue is mandatory for feedback"],
    ["u", 3, ["SMELL"], "", `Issues must be from the predefined list of issues - ${list}`],
  ] as const) {
    assert.equal(feedbackOf(uuid, stars, issues, note), refusal);
  }
  assert.deepEqual(feedbackOf("u", "3", [" echo ", "SMELL", "CALLERID_ISSUES"], "n"), { score: 3, issues: ["echo", "callerid_issue"], comment: "n" });
  assert.deepEqual(feedbackOf("u", 2, ["CALL_DROPPPED"], ""), { score: 2, issues: ["call_dropped"], comment: undefined });
  assert.deepEqual(feedbackOf("u", 5, undefined, undefined), { score: 5, issues: [], comment: undefined });
});

/** A token as a server would make it; its signature is checked by the server alone. */
function token(payload: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256", cty: "plivo;v=1" })}.${part(payload)}.c2lnbmF0dXJl`;
}

test("tokens are read, and refused where they are none", () => {
  const claims = { iss: "MA1", sub: "ada", nbf: 1, exp: 2000, per: { voice: { incoming_allow: false, outgoing_allow: true } } };
  assert.deepEqual(readClaims(token(claims)), { iss: "MA1", sub: "ada", expiresMs: 2_000_000, incoming: false, outgoing: true });
  const { per, ...rest } = claims;
  assert.equal(readClaims(token({ ...rest, grants: per }))?.outgoing, true);
  assert.equal(readClaims(token(rest))?.outgoing, false);
  for (const name of ["iss", "nbf", "exp"]) assert.equal(readClaims(token({ ...claims, [name]: undefined })), undefined, name);
  for (const wrong of [undefined, null, "", "a.b", "a.b.c", 7]) assert.equal(readClaims(wrong), undefined);
  assert.deepEqual([10001, 10006, 10010, 5].map(errorString), ["INVALID_ACCESS_TOKEN", "ACCESS_TOKEN_EXPIRED", "MAX_ALLOWED_LOGIN_REACHED", "Unauthorised"]);
});

test("keys are digits, star and hash, one at a time", () => {
  assert.deepEqual(["5", 5, "*", "#", "12", "A", "", null, {}, -1].map(keyOf), ["5", "5", "*", "#", undefined, undefined, undefined, undefined, undefined, undefined]);
});

test("the emitter is Node's, but for listeners that throw", (context) => {
  const report = context.mock.fn();
  Object.assign(globalThis, { reportError: report });
  const emitter = new EventEmitter();
  const heard: unknown[] = [];
  const second = (value: unknown) => void heard.push(["second", value]);
  emitter.on("a", () => {
    throw new Error("the app's");
  });
  emitter.on("a", second).once("a", (value) => heard.push(["once", value])).prependListener("a", () => heard.push("first"));
  assert.equal(emitter.emit("a", 1), true);
  assert.deepEqual(heard, ["first", ["second", 1], ["once", 1]]);
  assert.equal(report.mock.callCount(), 1);
  assert.equal(emitter.listenerCount("a"), 3);
  emitter.off("a", second);
  assert.equal(emitter.listeners("a").includes(second), false);
  assert.equal(emitter.removeAllListeners("a").emit("a"), false);
  assert.deepEqual(emitter.eventNames(), []);
});

test("the log keeps its last 900 lines, whatever the level shows", (context) => {
  const warn = context.mock.method(console, "warn", () => undefined);
  const log = new Log("ERROR", () => "tab 1");
  for (let line = 0; line < 901; line++) log.warn(`line ${line}`);
  assert.equal(warn.mock.callCount(), 0);
  assert.equal(log.lines().length, 900);
  assert.match(log.lines()[0] ?? "", /\[tab 1\] \[warn\] line 1$/);
  log.setLevel("WARN");
  log.warn("seen");
  assert.equal(warn.mock.callCount(), 1);
});

test("browsers are told apart", () => {
  const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
  assert.deepEqual(browserDetails(chrome), { browser: "chrome", version: 131 });
  assert.deepEqual(browserDetails(`${chrome} Edg/130.0.0.0`), { browser: "edge", version: 130 });
  assert.deepEqual(browserDetails("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"), { browser: "firefox", version: 128 });
  assert.deepEqual(browserDetails("Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15"), { browser: "safari", version: 17 });
});
