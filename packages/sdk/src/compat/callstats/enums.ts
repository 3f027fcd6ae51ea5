/** The enumerations of callstats.js 3.73, with their exact values. */

const names = <const Names extends readonly string[]>(...list: Names) =>
  Object.freeze(Object.fromEntries(list.map((name) => [name, name]))) as Readonly<{ [Name in Names[number]]: Name }>;

export const fabricUsage = names("audio", "video", "data", "screen", "multiplex", "unbundled");

export const fabricEvent = names(
  "fabricHold",
  "fabricResume",
  "audioMute",
  "audioUnmute",
  "videoPause",
  "videoResume",
  "fabricUsageEvent",
  "fabricSetupFailed",
  "fabricTerminated",
  "screenShareStart",
  "screenShareStop",
  "dominantSpeaker",
  "activeDeviceList",
  "applicationErrorLog",
  "callDetails",
  "callUnAnswered",
);

/** What callstats.js tells by itself. It takes these names from a page, too. */
export const internalEvent = names(
  "fabricSetup",
  "userJoined",
  "userAlive",
  "userDetails",
  "ssrcMap",
  "mediaPlaybackStart",
  "mediaPlaybackSuspended",
  "mediaPlaybackStalled",
  "oneWayMedia",
  "oneWayMediaStart",
  "oneWayMediaStop",
  "fabricStateChange",
  "iceDisruptionStart",
  "iceDisruptionEnd",
  "iceConnectionDisruptionStart",
  "iceConnectionDisruptionEnd",
  "iceAborted",
  "iceTerminated",
  "iceFailed",
  "iceRestarted",
  "fabricTransportSwitch",
  "fabricDropped",
  "connectedDeviceList",
  "sdpSubmissionEvent",
  "sendingThroughputObservations",
  "limitationObservations",
  "circuitBreaker",
  "userFeedbackEvent",
  "processedStats",
  "preCallTestResults",
  "preCallTestAssociate",
  "preCallTestNotification",
  "customEvent",
  "customStats",
  "conferenceSummary",
  "senderConfiguration",
);

export const webRTCFunctions = names(
  "getUserMedia",
  "createOffer",
  "createAnswer",
  "setLocalDescription",
  "setRemoteDescription",
  "addIceCandidate",
  "iceConnectionFailure",
  "signalingError",
  "applicationLog",
  "applicationError",
);

export const csError = Object.freeze({
  ...names("httpError", "authError", "success", "tokenGenerationError", "wsChannelFailure", "csProtoError", "appConnectivityError", "authOngoing"),
  ok: "OK",
  invalidWebRTCFunctionName: "Invalid WebRTC function name",
  invalidEndPointType: "Invalid EndPoint Type",
  invalidTransmissionDirection: "Invalid fabric transmission direction",
} as const);

export const qualityRating = Object.freeze({ excellent: 5, good: 4, fair: 3, poor: 2, bad: 1 } as const);
export const callStatsAPIReturnStatus = names("success", "failure");
export const userIDType = names("local", "remote");
export const endpointType = names("peer", "server");
export const transmissionDirection = names("sendonly", "receiveonly", "sendrecv", "inactive");
export const callType = names("inbound", "outbound", "monitoring", "unknown");
/** `manager` is documented; callstats.js 3.73 refused it, we do not. */
export const roles = names("agent", "participant", "manager");

export type FabricEvent = keyof typeof fabricEvent;
export type InternalEvent = keyof typeof internalEvent;
export type WebRTCFunction = keyof typeof webRTCFunctions;

/** Why a call could not be set up, by the function that failed. */
export const FAILURE_REASONS: Readonly<Record<WebRTCFunction, string>> = {
  createOffer: "NegotiationFailure",
  createAnswer: "NegotiationFailure",
  setRemoteDescription: "NegotiationFailure",
  setLocalDescription: "SDPGenerationError",
  addIceCandidate: "SDPGenerationError",
  getUserMedia: "MediaConfigError",
  iceConnectionFailure: "IceConnectionFailure",
  signalingError: "SignalingError",
  applicationLog: "ApplicationLog",
  applicationError: "ApplicationLog",
};

/** Whether `value` is one of an enumeration's. */
export function isOf<Enumeration extends Readonly<Record<string, unknown>>>(
  enumeration: Enumeration,
  value: unknown,
): value is Enumeration[keyof Enumeration] {
  return Object.values(enumeration).includes(value);
}
