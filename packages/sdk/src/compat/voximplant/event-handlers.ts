/** What the handlers of events are given. */

import type { Call } from "./call.ts";
import type { CallEvents } from "./call-events.ts";
import type { Endpoint } from "./endpoint.ts";
import type { AuthResultCode, CallState, MediaRenderDisablingReason, MediaRendererKind, TrackType } from "./enums.ts";
import type * as Hardware from "./hardware.ts";
import type { MediaRenderer } from "./media-renderer.ts";
import type { StatsReport } from "./stats/report.ts";
import type { ACDErrorCode, AudioSourceInfo, DisconnectingFlags, LoginTokens, NetworkInfo, OperatorACDStatuses, VideoSourceInfo } from "./structures.ts";

// The shape of the original: programs write `EventHandlers.Failed`.
export namespace EventHandlers {
  export interface AuthTokenResult {
    name: string;
    code?: AuthResultCode;
    result: boolean;
    tokens?: LoginTokens;
  }
  export interface AuthResult extends AuthTokenResult {
    displayName?: string;
    key?: string;
  }
  export interface ConnectionFailed {
    message: string;
  }
  export interface IncomingCall {
    call: Call;
    headers?: Object;
    /** Whether they send video. */
    video?: boolean;
  }
  export interface MicAccessResult {
    result: boolean;
    stream: MediaStream;
    fallback?: boolean;
  }
  export interface NetStatsReceived {
    stats: NetworkInfo;
  }
  export interface SDKReady {
    version: string;
  }
  export interface CallEvent {
    call: Call;
    name: CallEvents;
  }
  export interface CallEventWithHeaders extends CallEvent {
    headers?: Object;
  }
  export interface Disconnected extends CallEventWithHeaders {
    params?: DisconnectingFlags;
  }
  export interface Failed extends CallEventWithHeaders {
    /** SIP's, or 1003 (not connected), 1004 (not logged in), 1008 (no secure context). */
    code: number;
    /** SIP's reason phrase, such as `Busy Here`. */
    reason: string;
  }
  export interface InfoReceived extends CallEventWithHeaders {
    body: string;
    mimeType: string;
  }
  export interface MessageReceived extends CallEvent {
    text: string;
  }
  export interface MediaElementCreated extends CallEvent {
    type: string;
    element: HTMLMediaElement;
  }
  export interface Updated extends CallEvent {
    result: boolean;
    reason?: string;
  }
  export interface SharingStopped extends CallEvent {
    result: boolean;
  }
  export interface UpdateFailed extends CallEvent {
    /** 10: no answer in time, 11: not in this state, 12: another change is under way, 13: no camera or screen, 14: it is so already, 20: refused. */
    code: number;
  }
  export interface LocalVideoStreamAdded extends MediaElementCreated {
    videoStream: MediaStream;
  }
  export interface SIPRegistrationResult {
    name: string;
    id: string;
    sipuri: string;
    status?: number;
    reason?: string;
  }
  export interface EndpointHandler {
    name: string;
    call: Call;
    endpoint: Endpoint;
  }
  export interface EndpointMediaHandler extends EndpointHandler {
    mediaRenderer: MediaRenderer;
  }
  /** Of contact centres in the original's cloud; not told here, as the two below. */
  export interface ACDStatusEvent {
    id: string;
    status: OperatorACDStatuses;
    description?: string;
  }
  export interface ACDErrorEvent {
    message: string;
    code: ACDErrorCode;
    action: "getStatus" | "setStatus";
    status?: OperatorACDStatuses;
  }
  export interface SQErrorEvent extends ACDErrorEvent {}
  export interface ActiveUpdated extends CallEvent {
    old: boolean;
    new: boolean;
  }
  export interface StateUpdated extends CallEvent {
    old: CallState;
    new: CallState;
  }
  /** `level` of the quality issues is `NONE` (over), `MINOR`, `MAJOR` or `CRITICAL` at run time; the original's types say number. */
  export interface CodecMismatchIssue extends CallEvent {
    level: number;
    kind: TrackType;
    sendCodec: string | undefined;
  }
  export interface HighMediaLatencyIssue extends CallEvent {
    level: number;
    /** Milliseconds. */
    latency: number;
  }
  export interface ICEDisconnectedIssue extends CallEvent {
    level: number;
  }
  export interface LocalVideoDegradationIssue extends CallEvent {
    level: number;
    kind: TrackType;
    targetWidth?: number;
    targetHeight?: number;
    actualWidth?: number;
    actualHeight?: number;
    /** Of a shared screen. */
    fps?: number;
  }
  export interface LowBandwidthIssue extends CallEvent {
    level: number;
    /** Bit/s. */
    targetBitrate: number;
    /** Bit/s. */
    actualBitrate: number;
  }
  export interface NoAudioSignalIssue extends CallEvent {
    level: number;
  }
  export interface PacketLossIssue extends CallEvent {
    level: number;
    /** 0 to 1. */
    packetLoss: number;
  }
  export interface CallStatsReceived extends CallEvent {
    stats: StatsReport;
  }
  export interface VoiceStart extends EndpointHandler {}
  export interface VoiceEnd extends EndpointHandler {}
  export interface MediaRenderEnabled extends EndpointMediaHandler {}
  export interface MediaRenderDisabled extends EndpointMediaHandler {
    reason: MediaRenderDisablingReason;
  }
  export interface HardwareEvent {
    name: Hardware.HardwareEvents;
  }
  export interface DevicesUpdated extends HardwareEvent {
    audioInputDevices: AudioSourceInfo[];
    audioOutputDevices: AudioSourceInfo[];
    videoInputDevices: VideoSourceInfo[];
  }
  export interface MediaRendererAdded extends HardwareEvent {
    renderer: MediaRenderer;
  }
  export interface MediaRendererUpdated extends HardwareEvent {
    renderer: MediaRenderer;
    type: MediaRendererKind;
  }
  export interface BeforeMediaRendererRemoved extends HardwareEvent {
    renderer: MediaRenderer;
  }
  export interface MediaRendererRemoved extends HardwareEvent {
    renderer: MediaRenderer;
  }
}
