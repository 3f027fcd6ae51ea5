/**
 * The API of callstats.js 3.73 over Sidetone's collector.
 *
 * Where the documentation and the client that was published disagree, both ways are accepted; the handbook's chapter on callstats lists
 * each. Nothing here throws: every method answers `{status, message, msg}`.
 */

import { type Answer, INVALID_ARGUMENT, LIMITS, NOT_INITIALIZED, NO_CRYPTOGRAPHY, type User, answering, cutLog, limited, refuse, user } from "./answer.ts";
import { type ConfigParams, config, proxied } from "./config.ts";
import { Credentials, type TokenGenerator } from "./credentials.ts";
import * as enums from "./enums.ts";
import type { Fabric } from "./fabric.ts";
import type { TestResults } from "./network.ts";
import { Participation } from "./participation.ts";
import * as payloads from "./payloads.ts";
import type { Payload } from "./payloads.ts";
import { PrecallTests } from "./precall-tests.ts";
import type { ConferenceStats } from "./statistics.ts";
import { Sidetone } from "../../index.ts";

/** The version of callstats.js whose API this is. */
export const VERSION = "3.73.16";

/** The name of the conference of fabrics whose conference is not known yet. */
const NOT_YET = "";

const LISTENED = [
  "stats",
  "defaultConfig",
  "recommendedConfig",
  "preCallTestResults",
  "preCallTest",
  "connectionRecommendation",
  "mediaDisruption",
  "pctConnectionQualityChange",
  "error",
] as const;
type Listened = (typeof LISTENED)[number];

const WIFI_INTERVAL_MS = 10_000;

/** Conferences of which something may be said when they are over. */
const PAST_MAX = 8;

/** The name that results of tests through the service's own servers go by. */
const PROVIDER = "callstats";

type Callback = (...values: unknown[]) => void;
/** What `initialize` was given. */
interface Session {
  readonly appId: number;
  readonly user: User;
  readonly config: ConfigParams;
  readonly credentials: Credentials;
  readonly tests: PrecallTests;
  siteId: string;
}

/** All of a page share one: as in callstats.js, a second API object is the same service. */
export class Service {
  #url: string;
  #session: Session | undefined;
  readonly #participations = new Map<string, Participation>();
  /** The last that are over, by conference: what is said of a call when it has ended belongs to it. */
  readonly #past = new Map<string, Participation>();
  readonly #listeners = new Map<Listened, Callback>();
  #statsCallback: Callback | undefined;
  /** Fabrics that wait for a name of their conference or user. */
  readonly #waiting = new Map<RTCPeerConnection, { remoteUserId: unknown; conferenceId: unknown; readonly add: (remote: unknown, conference: unknown) => void }>();
  #wifi: ReturnType<typeof setInterval> | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  initialize(appId: unknown, source: unknown, localUserId: unknown, initCallback?: unknown, statsCallback?: unknown, configParams?: unknown): Answer {
    return answering("initialize", () => {
      if (!appId || !source || !localUserId) refuse(INVALID_ARGUMENT);
      if (typeof source !== "string" && typeof source !== "function") refuse(`${INVALID_ARGUMENT}: the second argument is the app's secret or a token generator`);
      if (typeof source === "string" && !globalThis.crypto?.subtle) refuse(NO_CRYPTOGRAPHY);
      const number = typeof appId === "number" ? appId : Number(String(appId).trim());
      if (!Number.isSafeInteger(number) || number <= 0) refuse(`${INVALID_ARGUMENT} appID ${String(appId)}: it is a number, as \`sidetone app list\` shows it`);
      const local = user("localUserID", localUserId);
      if (!local.id) refuse(`${INVALID_ARGUMENT}: localUserID is empty`);
      const ignored: string[] = [];
      const checked = config(configParams, (what) => void ignored.push(what));
      this.#statsCallback = typeof statsCallback === "function" ? (statsCallback as Callback) : this.#statsCallback;
      if (this.#session && this.#session.appId === number && this.#session.user.id === local.id) return;
      // Another user: everything until now was the one before.
      for (const participation of this.#participations.values()) participation.stop();
      this.#participations.clear();
      this.#past.clear();
      this.#session?.tests.stop();
      const told = typeof initCallback === "function" ? (initCallback as Callback) : () => undefined;
      const credentials = new Credentials(this.#url, number, local.id, source as string | TokenGenerator, {
        granted: () => safely(told, "success", "SDK authentication successful."),
        refused: (status, message) => {
          safely(told, status, message);
          this.#emit("error", { status, message });
        },
      });
      const tests = new PrecallTests({
        appId: number,
        servers: () => credentials.token().then((token) => turnServers(this.#url, token)),
        tested: (results, isManual) => this.#tested(session, results, isManual),
        ranked: (recommendation) => this.#emit("connectionRecommendation", recommendation),
        failed: (error) => this.#log("warn", `pre-call test: ${String(error)}`),
      });
      const session: Session = { appId: number, user: local, config: checked, credentials, tests, siteId: checked.siteID ?? "" };
      this.#session = session;
      for (const what of ignored) this.#log("error", `initialize: ${what}; it is ignored`);
      void credentials.token().then(
        () => this.#started(),
        () => undefined,
      );
    });
  }

  addNewFabric(peerConnection: unknown, remoteUserId: unknown, usage: unknown, conferenceId: unknown, attributes?: unknown, callback?: unknown): Answer {
    return answering("addNewFabric", () => {
      const session = this.#session ?? refuse(NOT_INITIALIZED);
      if (!isPeerConnection(peerConnection)) refuse("Invalid PeerConnection object passed");
      if (remoteUserId === undefined || conferenceId === undefined) refuse(INVALID_ARGUMENT);
      if (!enums.isOf(enums.fabricUsage, usage)) refuse(`Invalid fabricUsage value ${String(usage)}`);
      const told = [attributes, callback].find((value) => typeof value === "function") as Callback | undefined;
      const given = (typeof attributes === "object" && attributes !== null ? attributes : {}) as Payload;
      const endpoint = given["remoteEndpointType"] ?? "peer";
      const direction = given["fabricTransmissionDirection"] ?? "sendrecv";
      if (!enums.isOf(enums.endpointType, endpoint)) refuse("Invalid EndPoint Type");
      if (!enums.isOf(enums.transmissionDirection, direction)) refuse("Invalid fabric transmission direction");
      const add = (remote: unknown, conference: unknown) => {
        const who = user("remoteUserID", remote);
        const id = limited("conferenceID", conference, LIMITS.conferenceId);
        const lost = () => told && safely(told, "appConnectivityError", `Connectivity check for PC object to ${who.id} failed.`);
        const about = { usage, remote_endpoint_type: endpoint, direction };
        this.#participation(session, id).add(peerConnection, who, about, lost);
      };
      user("remoteUserID", remoteUserId);
      limited("conferenceID", conferenceId, LIMITS.conferenceId);
      if (isKnown(conferenceId)) add(remoteUserId, conferenceId);
      else this.#waiting.set(peerConnection, { remoteUserId, conferenceId, add });
    });
  }

  /** Names what was `null` at `addNewFabric`: of one connection, or of all that wait. */
  setIdentifiers(identifiers: unknown, peerConnection?: unknown): Answer {
    return answering("setIdentifiers", () => {
      if (typeof identifiers !== "object" || identifiers === null) refuse(INVALID_ARGUMENT);
      const { conferenceID, remoteUserID } = identifiers as { conferenceID?: unknown; remoteUserID?: unknown };
      if (conferenceID === undefined && remoteUserID === undefined) refuse(INVALID_ARGUMENT);
      for (const [waiting, held] of [...this.#waiting]) {
        if (isPeerConnection(peerConnection) && waiting !== peerConnection) continue;
        if (conferenceID !== undefined) held.conferenceId = conferenceID;
        if (remoteUserID !== undefined) held.remoteUserId = remoteUserID;
        if (!isKnown(held.conferenceId)) continue;
        this.#waiting.delete(waiting);
        held.add(held.remoteUserId, held.conferenceId);
      }
      const remote = user("remoteUserID", remoteUserID);
      if (!remote.id) return;
      for (const participation of this.#participations.values()) participation.name(remote, isPeerConnection(peerConnection) ? peerConnection : undefined);
    });
  }

  sendFabricEvent(peerConnection: unknown, name: unknown, conferenceId: unknown, data?: unknown): Answer {
    return answering("sendFabricEvent", () => {
      if (!peerConnection || !name || conferenceId === undefined) refuse(INVALID_ARGUMENT);
      if (name === "fabricSetupFailed") refuse("Unsupported fabricEvent");
      if (name === "userLeft") return this.#end(String(conferenceId));
      if (!enums.isOf(enums.fabricEvent, name) && !enums.isOf(enums.internalEvent, name)) refuse(`Invalid fabricEvents value ${String(name)}`);
      const given = (typeof data === "object" && data !== null ? data : {}) as Payload;
      if (name === "activeDeviceList" && !Array.isArray(given["deviceList"])) refuse(`${INVALID_ARGUMENT}: eventData.deviceList is the list of devices`);
      const [participation, fabric] = this.#held(peerConnection, conferenceId);
      if (enums.isOf(enums.internalEvent, name)) participation.internalEvent(fabric, name, given);
      else if (name !== "fabricUsageEvent") participation.fabricEvent(fabric, name, given);
      if (participation.isOver) this.#end(String(conferenceId));
    });
  }

  reportError(peerConnection: unknown, conferenceId: unknown, webRTCFunction: unknown, domError?: unknown, localSDP?: unknown, remoteSDP?: unknown): Answer {
    return answering("reportError", () => {
      const session = this.#session ?? refuse(NOT_INITIALIZED);
      if (conferenceId === undefined || !webRTCFunction) refuse(INVALID_ARGUMENT);
      if (!enums.isOf(enums.webRTCFunctions, webRTCFunction)) refuse(`Invalid webRTC functionName value ${String(webRTCFunction)}`);
      if (peerConnection && !isPeerConnection(peerConnection)) refuse("Invalid PeerConnection object passed");
      const id = limited("conferenceID", conferenceId, LIMITS.conferenceId);
      const target = isPeerConnection(peerConnection) ? peerConnection : undefined;
      // Who asks for a microphone begins a call.
      const participation = webRTCFunction === "getUserMedia" ? this.#participation(session, id) : this.#concerned(session, id, target);
      const error = payloads.described(domError);
      const about = { function: webRTCFunction, reason: enums.FAILURE_REASONS[webRTCFunction], ...error };
      if (webRTCFunction === "applicationLog" || webRTCFunction === "applicationError") {
        const { text, cut } = cutLog(error.message ?? "");
        participation.tell("log", { ...about, message: text, ...(cut && { cut }), level: webRTCFunction === "applicationError" ? "error" : "log" }, target);
        return;
      }
      const sdp = payloads.descriptions(localSDP, remoteSDP);
      if (Object.keys(sdp).length > 0) participation.tell("sdp", sdp, target);
      const fabric = participation.fabric(target);
      const kind =
        webRTCFunction === "getUserMedia" ? "get_user_media_failed" : webRTCFunction === "iceConnectionFailure" && fabric?.isSetUp ? "ice_failed" : "connecting_failed";
      participation.tell(kind, { ...about, ...(fabric && { delay_ms: Date.now() - fabric.addedMs }) }, target);
    });
  }

  associateMstWithUserID(peerConnection: unknown, userId: unknown, conferenceId: unknown, ssrc: unknown, usageLabel: unknown, videoTag?: unknown): Answer {
    return answering("associateMstWithUserID", () => {
      if (!peerConnection || !ssrc || !usageLabel) refuse(INVALID_ARGUMENT);
      const [participation, fabric] = this.#held(peerConnection, conferenceId);
      const label = limited("usageLabel", usageLabel, LIMITS.usageLabel);
      const who = user("userID", userId);
      const element = typeof videoTag === "string" ? videoTag : "";
      fabric.labels.set(String(ssrc), { userId: who.id, usageLabel: label, associatedVideoTag: element });
      const named = { ssrc: String(ssrc), label, user_id: who.id, ...(element && { video_element: element }) };
      participation.tell("stream_label", named, fabric.peerConnection);
      const video = element ? document.getElementById(element) : null;
      if (!(video instanceof HTMLMediaElement)) return;
      let began = video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
      const start = () => {
        if (began) return;
        began = true;
        participation.tell("playback_started", { ssrc: String(ssrc), delay_ms: Date.now() - fabric.addedMs }, fabric.peerConnection);
      };
      fabric.listen(video, "canplay", start);
      fabric.listen(video, "suspend", () => participation.tell("playback_suspended", { ssrc: String(ssrc) }, fabric.peerConnection));
    });
  }

  sendUserFeedback(conferenceId: unknown, feedback: unknown, callback?: unknown): Answer {
    const answer = answering("sendUserFeedback", () => {
      const session = this.#session ?? refuse(NOT_INITIALIZED);
      if (conferenceId === undefined || typeof feedback !== "object" || feedback === null || Object.keys(feedback).length === 0) refuse(INVALID_ARGUMENT);
      const told = payloads.feedback(feedback as Payload);
      const id = limited("conferenceID", conferenceId, LIMITS.conferenceId);
      this.#concerned(session, id).tell("feedback", told);
    });
    if (typeof callback === "function") {
      const text = answer.status === "success" ? "userFeedback Event sent successfully" : answer.message;
      safely(callback as Callback, answer.status, text);
    }
    return answer;
  }

  sendCallDetails(peerConnection: unknown, conferenceId: unknown, attributes: unknown): Answer {
    return answering("sendCallDetails", () => {
      if (!peerConnection || conferenceId === undefined || typeof attributes !== "object" || attributes === null) refuse(INVALID_ARGUMENT);
      const [participation, fabric] = this.#held(peerConnection, conferenceId);
      const { callType = "unknown", role, siteID, ...rest } = attributes as Payload;
      if (!enums.isOf(enums.callType, callType)) refuse(`Invalid callType value ${String(callType)}`);
      if (!enums.isOf(enums.roles, role)) refuse(`Invalid role value ${String(role)}`);
      if (siteID !== undefined && this.#session) this.#session.siteId = limited("siteID", siteID, LIMITS.siteId);
      participation.tell("call_details", { call_type: callType, role, ...(siteID !== undefined && { site: siteID }), ...payloads.callDetails(rest) }, fabric.peerConnection);
    });
  }

  sendCustomEvent(peerConnection: unknown, conferenceId: unknown, events: unknown): Answer {
    return answering("sendCustomEvent", () => {
      const session = this.#session ?? refuse(NOT_INITIALIZED);
      if (conferenceId === undefined || !Array.isArray(events) || events.length === 0) refuse(INVALID_ARGUMENT);
      const target = isPeerConnection(peerConnection) ? peerConnection : undefined;
      const participation = this.#concerned(session, limited("conferenceID", conferenceId, LIMITS.conferenceId), target);
      for (const event of events as readonly unknown[]) participation.tell(...payloads.customEvent(event), target);
    });
  }

  sendCustomStats(peerConnection: unknown, conferenceId: unknown, stats: unknown): Answer {
    return answering("sendCustomStats", () => {
      const session = this.#session ?? refuse(NOT_INITIALIZED);
      if (conferenceId === undefined || !Array.isArray(stats) || stats.length === 0) refuse(INVALID_ARGUMENT);
      const target = isPeerConnection(peerConnection) ? peerConnection : undefined;
      const participation = this.#concerned(session, limited("conferenceID", conferenceId, LIMITS.conferenceId), target);
      participation.tell("custom_stats", { values: stats }, target);
    });
  }

  on(name: unknown, callback: unknown): Answer {
    return answering("on", () => {
      if (!LISTENED.includes(name as Listened) || typeof callback !== "function") refuse(INVALID_ARGUMENT);
      this.#listeners.set(name as Listened, callback as Callback);
    });
  }

  /** Where the server is. callstats.js wants `window.csioproxy` set; we do not. */
  setProxyConfig(given: unknown): Answer {
    return answering("setProxyConfig", () => {
      this.#url = proxied(given);
    });
  }

  attachWifiStatsHandler(getWifiStats: unknown): Answer {
    return answering("attachWifiStatsHandler", () => {
      if (typeof getWifiStats !== "function") refuse(INVALID_ARGUMENT);
      if (!this.#session) refuse(NOT_INITIALIZED);
      this.resetWifiStatsHandler();
      this.#wifi = setInterval(() => {
        void Promise.resolve()
          .then(() => (getWifiStats as () => Promise<string>)())
          .then((text) => {
            const told = (typeof text === "string" ? JSON.parse(text) : text) as Payload;
            for (const participation of this.#participations.values()) participation.tell("wifi", told);
          })
          .catch((error: unknown) => this.#log("error", `getWifiStats: ${String(error)}`));
      }, WIFI_INTERVAL_MS);
    });
  }

  resetWifiStatsHandler(): Answer {
    return answering("resetWifiStatsHandler", () => clearInterval(this.#wifi));
  }

  /** Tests each server again and again, until it is stopped. */
  startPrecallTests(iceServers: unknown, intervalSeconds?: unknown): Answer {
    return answering("startPrecallTests", () => {
      const session = this.#session ?? refuse(NOT_INITIALIZED);
      session.tests.start(Array.isArray(iceServers) ? (iceServers as RTCIceServer[]) : [], intervalSeconds);
    });
  }

  stopPrecallTests(): void {
    this.#session?.tests.stop();
  }

  makePrecallTest(iceServers?: unknown, provider?: unknown, options?: unknown): Answer {
    return answering("makePrecallTest", () => {
      const session = this.#session ?? refuse(NOT_INITIALIZED);
      const { isRunManually = true } = (typeof options === "object" && options !== null ? options : {}) as { isRunManually?: boolean };
      session.tests.once(Array.isArray(iceServers) ? (iceServers as RTCIceServer[]) : undefined, typeof provider === "string" ? provider : PROVIDER, isRunManually);
    });
  }

  /** The last results of this app in this browser; `null` when there are none. */
  getSctResults(): readonly TestResults[] | null {
    return this.#session?.tests.results() ?? null;
  }

  async getTurnCredentials(appId: unknown, source: unknown): Promise<readonly RTCIceServer[]> {
    const credentials = new Credentials(this.#url, Number(appId), "turnUser", source as string | TokenGenerator, {
      granted: () => undefined,
      refused: () => undefined,
    });
    return turnServers(this.#url, await credentials.token());
  }

  #started(): void {
    this.#emit("defaultConfig", { peerConnection: null, media: null });
    this.#emit("recommendedConfig", {});
    const session = this.#session;
    if (session && !session.config.disablePrecalltest && this.#participations.size === 0) session.tests.first(PROVIDER);
  }

  #tested(session: Session, results: TestResults, isManual: boolean): void {
    // A test is kept as a conference of its own: it is found, and removed, like any other.
    const client = new Sidetone(this.#options(session, `pre-call:${results.id}`));
    client.event("pre_call_test", { results: { ...results }, is_manual: isManual, ...(session.siteId && { site: session.siteId }) });
    client.stop();
    this.#emit("preCallTestResults", results.status === "failed" ? "failure" : results.status, results);
    this.#emit("preCallTest", results);
  }

  /** The stay that something is said of: the running one, else the one that ended last, unless it is said of a connection of the next. */
  #concerned(session: Session, conferenceId: string, peerConnection?: RTCPeerConnection): Participation {
    const past = this.#participations.has(conferenceId) ? undefined : this.#past.get(conferenceId);
    return past && (!peerConnection || past.had(peerConnection)) ? past : this.#participation(session, conferenceId);
  }

  /** A stay is over. */
  #end(conferenceId: string): void {
    const participation = this.#participations.get(conferenceId);
    if (!participation) return;
    participation.stop();
    this.#participations.delete(conferenceId);
    this.#past.delete(conferenceId);
    this.#past.set(conferenceId, participation);
    const [oldest] = this.#past.keys();
    if (this.#past.size > PAST_MAX && oldest !== undefined) this.#past.delete(oldest);
  }

  #participation(session: Session, conferenceId: string): Participation {
    const held = this.#participations.get(conferenceId);
    if (held) return held;
    const participation = new Participation(this.#url, this.#options(session, conferenceId), {
      stats: (stats: ConferenceStats) => {
        if (this.#statsCallback) safely(this.#statsCallback, stats);
        this.#emit("stats", stats);
      },
      disruption: (type, payload) => this.#emit("mediaDisruption", { type, payload }),
    });
    this.#participations.set(conferenceId, participation);
    return participation;
  }

  #options(session: Session, conferenceId: string) {
    const { user: local, config, credentials } = session;
    const additionalIds = { ...config.additionalIDs, ...(local.loginId && { loginID: local.loginId }) };
    return {
      url: this.#url,
      token: credentials.source(),
      conferenceId,
      userId: local.id,
      ...(local.userName && { userName: local.userName }),
      ...(local.aliasName && { aliasName: local.aliasName }),
      ...(session.siteId && { site: session.siteId }),
      ...(config.applicationVersion && { appVersion: config.applicationVersion }),
      ...(Object.keys(additionalIds).length > 0 && { additionalIds }),
      ...(config.collectIP === false && { addresses: false }),
      ...(config.disableBeforeUnloadHandler === true && { leaveWithPage: false }),
    };
  }

  #held(peerConnection: unknown, conferenceId: unknown): readonly [Participation, Fabric] {
    if (!this.#session) refuse(NOT_INITIALIZED);
    const participation = this.#participations.get(String(conferenceId ?? NOT_YET)) ?? refuse(NOT_INITIALIZED);
    return [participation, participation.fabric(peerConnection) ?? refuse("Invalid PeerConnection object passed")];
  }

  #emit(name: Listened, ...values: unknown[]): void {
    const listener = this.#listeners.get(name);
    if (listener) safely(listener, ...values);
  }

  #log(logLevel: string, text: string): void {
    const logger = this.#session?.config.callbackLogger;
    if (logger) safely(logger as Callback, { logLevel, args: [text] });
  }
}

async function turnServers(url: string, token: string): Promise<readonly RTCIceServer[]> {
  const response = await fetch(`${url}/v1/turn-credentials`, { headers: { authorization: `Bearer ${token}` } });
  return response.ok ? [(await response.json()) as RTCIceServer] : [];
}

function isPeerConnection(value: unknown): value is RTCPeerConnection {
  return typeof value === "object" && value !== null && typeof (value as RTCPeerConnection).getStats === "function";
}

function isKnown(conferenceId: unknown): boolean {
  return conferenceId !== null && conferenceId !== "";
}

/** The app's own faults do not stop us, and are told where the page's faults are told. */
function safely(callback: Callback, ...values: unknown[]): void {
  try {
    callback(...values);
  } catch (error) {
    globalThis.reportError?.(error);
  }
}
