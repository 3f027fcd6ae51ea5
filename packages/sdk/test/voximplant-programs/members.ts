// Which members of the original's classes are not here: asked of its own declarations, so that a member that a newer version adds, or that ours loses,
// does not compile. What is listed is in docs/voximplant.md (“Not here”), too.

import type { Call as TheirCall } from "voximplant-websdk/Call/Call";
import type { Client as TheirClient } from "voximplant-websdk/Client";
import type { MediaRenderer as TheirRenderer } from "voximplant-websdk/Media/MediaRenderer";
import type { SharingCall as TheirSharingCall } from "voximplant-websdk/Call/SharingCall";
import type { ViewerCall as TheirViewerCall } from "voximplant-websdk/Call/ViewerCall";
import type * as Theirs from "voximplant-websdk";
import type * as Ours from "../../src/compat/voximplant/index.ts";

/** How the original's classes talk to one another: its documentation hides them, no page can call them. */
type Target = "_traceName" | "eventListeners" | "sysOn" | "sysOff";
type Signalling = "onConnected" | "onDisconnected" | "onFailed" | "onInfo" | "canStartSendingCandidates" | "checkCallMode" | "connectedPromise" | "restoreRMute" | "settings" | "signalingConnected";
type CallInside = "onRingOut" | "onStopRinging" | "onTransferComplete" | "onTransferFailed" | "promise" | "runIncomingReInvite" | "setActiveForce" | "stateValue";
type OtherCallInside = "addCandidateToSend" | "processRemoteAnswer";
type ClientInside = "onIncomingCall" | "onMediaConnectionFailed" | "onSignalingClosed" | "onSignalingConnected" | "onSignalingConnectionFailed" | "removeCall" | "setConnectionData" | "loginState" | "_defaultSinkId";
type RendererInside = "conferenceEpManagerUpdateRenderSize" | "conferenceEpManagerUpdateState" | "mids" | "notifyAboutCreation" | "onBeforeDestroy" | "onDestroy" | "pauseElement" | "placeOnDom" | "renderDefault" | "replaceVideo" | "simulcastMode" | "transceivers";
type AudioInside = "clearCallAudioSettings" | "getAudioContext" | "getCallConstraints" | "validateIOSCallDevicesParams";
type StreamInside = "_clearScreenSharing" | "_getScreenSharing" | "_getTracksKind" | "_newScreenSharing" | "_remCallStream" | "_updateCallStream" | "clear" | "getCallStream" | "remCallStream" | "updateCallStream" | "updateLocalVideo";

/** The original's own connection; `call.sidetone.peerConnection` is the browser's. */
type Connection = "peerConnection";
/** Copies of what `config()` has, or of what `limitAudioCodecs` was told. */
type Configuration = "allowTurnForConferenceCalls" | "features" | "limitACodecs" | "limitVCodecs" | "localVideoContainerId" | "remoteVideoContainerId" | "videoSupport";
/** Flash. */
type Flash = "setSwfColor";
/** `call.sidetone.replaceAudio` sends a track of the page's own. */
type Transforms = "audioMediaTrackTransform" | "videoMediaTrackTransform";

type Missing<Their, Our> = Exclude<keyof Their, keyof Our>;
/** Missing and not listed, or listed and there. */
type Difference<Their, Our, Listed> = Exclude<Missing<Their, Our>, Listed> | Exclude<Listed, Missing<Their, Our>>;
function none<_Members extends never>(): void {}

none<Difference<TheirClient, Ours.Client, Target | ClientInside | Configuration | Flash | Transforms>>();
none<Difference<TheirCall, Ours.Call, Target | Signalling | CallInside | Connection>>();
none<Difference<TheirViewerCall, Ours.ViewerCall, Target | Signalling | OtherCallInside | "onICECandidate" | Connection>>();
none<Difference<TheirSharingCall, Ours.SharingCall, Target | Signalling | OtherCallInside | Connection>>();
none<Difference<Theirs.Endpoint, Ours.Endpoint, Target | "updateInfo" | "wasAdded">>();
none<Difference<TheirRenderer, Ours.MediaRenderer, "_traceName" | RendererInside>>();
none<Difference<Theirs.Hardware.AudioDeviceManager, Ours.Hardware.AudioDeviceManager, "_traceName" | AudioInside>>();
none<Difference<Theirs.Hardware.CameraManager, Ours.Hardware.CameraManager, "_traceName" | "getCallConstraints">>();
none<Difference<Theirs.Hardware.StreamManager, Ours.Hardware.StreamManager, Target | StreamInside>>();
/** `VoxImplant.getInstance` gives the client. */
none<Difference<typeof TheirClient, typeof Ours.Client, "getInstance">>();
none<Difference<typeof Theirs.Hardware.AudioDeviceManager, typeof Ours.Hardware.AudioDeviceManager, never>>();
none<Difference<typeof Theirs.Hardware.CameraManager, typeof Ours.Hardware.CameraManager, never>>();
none<Difference<typeof Theirs.Hardware.StreamManager, typeof Ours.Hardware.StreamManager, "clearUmCache" | "getUserMedia">>();
none<Difference<typeof Theirs.Hardware, typeof Ours.Hardware, never>>();
/** Chats; `getMessenger` is there and says so. */
none<Difference<typeof Theirs, typeof Ours, "Messaging">>();
