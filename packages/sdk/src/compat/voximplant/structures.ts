/** What a page hands to the {@link Client}, and what it is handed beside events. */

import type { PhoneOptions } from "../../phone/api.ts";
import type { ConnectionNode, LogCategory, LogLevel } from "./enums.ts";

/** Of Sidetone: what voximplant-websdk knows of itself and another platform must be told. All of it has a default. */
export type SidetoneOptions = Partial<Omit<PhoneOptions, "autoRegister" | "multipleCalls">>;

export interface Config {
  /** Of Sidetone: the SIP server and the phone. Default: `/sip` of the host that the script came from. */
  sidetone?: SidetoneOptions;
  /** `init` asks for the microphone. Default `false`. */
  micRequired?: boolean;
  /** The ringback tone is played by us. Default `true`. */
  progressTone?: boolean;
  /** Whose ringback tone: `RU` or `US`. */
  progressToneCountry?: string;
  enableTrace?: boolean;
  showDebugInfo?: boolean;
  showWarnings?: boolean;
  videoConstraints?: VideoSettings | boolean;
  /** Of the platform of the original; without effect. */
  node?: ConnectionNode;
  /** @deprecated */
  videoContainerId?: string;
  /** Id of the element that received pictures are shown in. Default: the page's body. */
  remoteVideoContainerId?: string;
  /** Id of the element that the own picture is shown in. Default: the page's body. */
  localVideoContainerId?: string;
  /** @deprecated */
  videoSupport?: boolean;
  /** H.264 is the video codec to be preferred. */
  H264first?: boolean;
  /** Milliseconds between two `CallStatsReceived`, in steps of 500; 0: none. Default 10 000. */
  rtcStatsCollectionInterval?: number;
  /** Of the platform of the original; without effect, as are the members below. */
  queueType?: QueueTypes;
  serverIp?: string[] | string;
  tryingServers?: string[];
  protocolVersion?: string;
  imAutoReconnect?: boolean;
  imReconnectInterval?: number;
  imXSSprotection?: boolean;
  VP8first?: boolean;
  prettyPrint?: boolean;
  experiments?: any;
  allowTurnForConferenceCalls?: boolean;
  features?: string[];
}

/** Of contact centres in the original's cloud. */
export enum OperatorACDStatuses {
  Banned = "BANNED",
  Dialing = "DIALING",
  Offline = "OFFLINE",
  Online = "ONLINE",
  Ready = "READY",
  InService = "IN_SERVICE",
  AfterService = "AFTER_SERVICE",
  Timeout = "TIMEOUT",
  DND = "DND",
  CustomStatus_1 = "CUSTOM_1",
  CustomStatus_2 = "CUSTOM_2",
  CustomStatus_3 = "CUSTOM_3",
  CustomStatus_4 = "CUSTOM_4",
  CustomStatus_5 = "CUSTOM_5",
  CustomStatus_6 = "CUSTOM_6",
  CustomStatus_7 = "CUSTOM_7",
  CustomStatus_8 = "CUSTOM_8",
  CustomStatus_9 = "CUSTOM_9",
  CustomStatus_10 = "CUSTOM_10",
}

export interface SetOperatorACDStatusOptions {
  permanent?: boolean;
}

export enum ACDErrorCode {
  NotLoggedIn = 1,
  IncorrectStatus = 2,
  StatusWillBeIgnored = 3,
  FailedByTimeout = 4,
  MultipleOperations = 5,
  MultipleCredentials = 6,
  WrongStatus = 7,
  ConnectionClosed = 8,
}

export enum QueueTypes {
  ACD = 1,
  SmartQueue = 2,
}

/** Constraints of the camera, as `MediaTrackConstraints` has them. */
export interface VideoSettings {
  width?: number | any;
  height?: number | any;
  aspectRatio?: number | any;
  frameRate?: number | any;
  facingMode?: string | any;
  deviceId?: string;
  groupId?: string;
  mandatory?: Object;
  optional?: Object;
}

/** A device. */
export interface AudioSourceInfo {
  id: number | string;
  name: string;
  group: string;
}

export interface VideoSourceInfo {
  id: number | string;
  name: string;
  group: string;
}

export interface AudioOutputInfo {
  id: number | string;
  name: string;
  group: string;
}

export interface NetworkInfo {
  packetLoss: number;
}

export interface LoginOptions {
  /** `false`: calls can be placed, but none are received. Default `true`. */
  receiveCalls?: boolean;
  serverPresenceControl?: boolean;
  accessToken?: string;
  deviceToken?: string;
  mediaServer?: string;
}

export interface CallSettings {
  number: string;
  video?: VideoFlags | boolean;
  /** Header fields of the INVITE; those with names that begin with `X-`. */
  extraHeaders?: { [id: string]: string };
  /** Sent as header field `VI-CallData`. At most 200 bytes. */
  customData?: string;
  H264first?: boolean;
  /** Of conferences on the platform of the original; without effect. */
  simulcast?: boolean;
  simulcastProfileName?: "general" | "b24";
  isAudio?: boolean;
  wiredLocal?: boolean;
  wiredRemote?: boolean;
  extraParams?: { [id: string]: string };
  VP8first?: boolean;
  forceActive?: boolean;
  isConference?: boolean;
}

export interface DisconnectingFlags {
  /** Another device of the user took the call. */
  answeredElsewhere: boolean;
}

/** Lifetimes in seconds. */
export interface LoginTokens {
  accessToken: string;
  refreshToken: string;
  accessExpire: number;
  refreshExpire: number;
}

export interface VideoFlags {
  sendVideo: boolean;
  receiveVideo: boolean;
}

export interface LogRecord {
  formattedText: string;
  category: LogCategory;
  label: string;
  level: LogLevel;
  message: string;
}

