/** The other enumerations of voximplant-websdk 4.13, with their values at run time. */

/** Events of the {@link Client}. */
export enum Events {
  SDKReady = "SDKReady",
  ConnectionEstablished = "ConnectionEstablished",
  ConnectionFailed = "ConnectionFailed",
  ConnectionClosed = "ConnectionClosed",
  Reconnecting = "Reconnecting",
  Reconnected = "Reconnected",
  AuthResult = "AuthResult",
  RefreshTokenResult = "RefreshTokenResult",
  PlaybackFinished = "PlaybackFinished",
  MicAccessResult = "MicAccessResult",
  IncomingCall = "IncomingCall",
  SourcesInfoUpdated = "SourcesInfoUpdated",
  NetStatsReceived = "NetStatsReceived",
  SIPRegistrationSuccessful = "SIPRegistrationSuccessful",
  SIPRegistrationFailed = "SIPRegistrationFailed",
  ACDStatusUpdated = "ACDStatusUpdated",
  SQMessagingStatusUpdated = "SQMessagingStatusUpdated",
  ACDError = "ACDError",
  SQError = "SQError",
  PlaybackError = "PlaybackError",
}

export enum CallState {
  /** Incoming, ringing. */
  ALERTING = "ALERTING",
  /** Outgoing, not answered. */
  PROGRESSING = "PROGRESSING",
  CONNECTED = "CONNECTED",
  /** A renegotiation of ours is open. */
  UPDATING = "UPDATING",
  /** We hung up; the end is not confirmed yet. */
  STOPPING = "STOPPING",
  ENDED = "ENDED",
}

export enum EndpointEvents {
  InfoUpdated = "InfoUpdated",
  Removed = "Removed",
  RemoteMediaAdded = "RemoteMediaAdded",
  RemoteMediaRemoved = "RemoteMediaRemoved",
  RemoteMediaUpdated = "RemoteMediaUpdated",
  RTCStatsReceived = "RTCStatsReceived",
  VoiceStart = "VoiceStart",
  VoiceEnd = "VoiceEnd",
  MediaRenderDisabled = "MediaRenderDisabled",
  MediaRenderEnabled = "MediaRenderEnabled",
}

export enum ClientState {
  DISCONNECTED = "DISCONNECTED",
  CONNECTING = "CONNECTING",
  CONNECTED = "CONNECTED",
  RECONNECTING = "RECONNECTING",
  LOGGING_IN = "LOGGING_IN",
  LOGGED_IN = "LOGGED_IN",
}

export enum AuthResultCode {
  OneTimeKeyReceived = 302,
  InvalidPassword = 401,
  MAUAccessDenied = 402,
  AccountFrozen = 403,
  InvalidUsername = 404,
  ConnectionClosed = 409,
  InvalidState = 491,
  InternalError = 500,
  TokenExpired = 701,
}

export enum MediaRendererKind {
  Audio = "audio",
  Video = "video",
  Sharing = "sharing",
}

export enum MediaRenderDisablingReason {
  Automatic = "automatic",
  Manual = "manual",
}

export enum TrackType {
  audio = "audio",
  video = "video",
  sharing = "sharing",
}

export enum ConnectionNode {
  NODE_1 = "NODE_1",
  NODE_2 = "NODE_2",
  NODE_3 = "NODE_3",
  NODE_4 = "NODE_4",
  NODE_5 = "NODE_5",
  NODE_6 = "NODE_6",
  NODE_7 = "NODE_7",
  NODE_8 = "NODE_8",
  NODE_9 = "NODE_9",
  NODE_10 = "NODE_10",
  NODE_11 = "NODE_11",
  NODE_12 = "NODE_12",
  NODE_13 = "NODE_13",
}

export enum LogLevel {
  NONE = 0,
  ERROR = 1,
  WARNING = 2,
  INFO = 3,
  TRACE = 4,
}

export enum LogCategory {
  SIGNALING = 0,
  RTC = 1,
  USERMEDIA = 2,
  CALL = 3,
  CALLEXP2P = 4,
  CALLEXSERVER = 5,
  CALLMANAGER = 6,
  CLIENT = 7,
  AUTHENTICATOR = 8,
  PCFACTORY = 9,
  UTILS = 10,
  ORTC = 11,
  MESSAGING = 12,
  REINVITEQ = 13,
  HARDWARE = 14,
  ENDPOINT = 15,
  EVENTTARGET = 16,
  VSM = 17,
}
