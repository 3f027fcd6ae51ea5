// Devices, the own picture, logs and the rest of the client.

import * as VoxImplant from "voximplant-websdk";
import type { Call } from "voximplant-websdk/Call/Call";
import type { EventHandlers } from "voximplant-websdk/EventHandlers";
import type { MediaRenderer } from "voximplant-websdk/Media/MediaRenderer";
import type { AudioSourceInfo, CallSettings, Config } from "voximplant-websdk/Structures";

const { Hardware } = VoxImplant;
const config: Config = { showDebugInfo: true, showWarnings: true, H264first: true, rtcStatsCollectionInterval: 0 };
const client = VoxImplant.getInstance();

export async function devices(call: ReturnType<typeof client.call>): Promise<string[]> {
  const audio = Hardware.AudioDeviceManager.get();
  const inputs: AudioSourceInfo[] = await audio.getInputDevices();
  const settings: VoxImplant.Hardware.AudioParams = { ...audio.getDefaultAudioSettings(), echoCancellation: true, strict: false };
  const first = inputs[0];
  if (first) settings.inputId = String(first.id);
  audio.setDefaultAudioSettings(settings);
  await audio.setCallAudioSettings(call, { ...audio.getCallAudioSettings(call), noiseSuppression: true });
  const camera = Hardware.CameraManager.get();
  await camera.setDefaultVideoSettings({ videoQuality: Hardware.VideoQuality.VIDEO_SIZE_HD, facingMode: true });
  await camera.setCallVideoSettings(call, { ...camera.getCallVideoSettings(call), frameWidth: 1280, frameHeight: 720 });
  const outputs = await audio.getOutputDevices();
  return [...inputs, ...outputs, ...(await camera.getInputDevices())].map(({ name }) => name);
}

export async function local(): Promise<void> {
  const streams = Hardware.StreamManager.get();
  streams.on(Hardware.HardwareEvents.DevicesUpdated, (event: EventHandlers.DevicesUpdated) => console.log(event.audioInputDevices.length + event.videoInputDevices.length));
  streams.on(Hardware.HardwareEvents.MediaRendererAdded, ({ renderer }: EventHandlers.MediaRendererAdded) => console.log(renderer.isLocal));
  const renderer: MediaRenderer = await streams.showLocalVideo();
  renderer.element.style.width = "160px";
  renderer.render(document.body);
  await renderer.useAudioOutput("default");
  await streams.hideLocalVideo();
  await client.showLocalVideo(false);
}

export async function rest(): Promise<void> {
  const ready = await client.init(config);
  console.log(typeof ready === "string" ? ready : ready.version, VoxImplant.version, client.version, client.config().H264first);
  client.setLoggerCallback((record: VoxImplant.LogRecord) => console.log(record.level === VoxImplant.LogLevel.ERROR, VoxImplant.LogCategory.CALL, record.formattedText));
  client.enableSilentLogging(true);
  console.log(client.getSilentLog().join("\n"), client.isRTCsupported(), await client.screenSharingSupported());
  client.clearSilentLog();
  client.setVideoBandwidth(512);
  client.playToneScript("440@-19;*(2/4/1)", true);
  client.stopPlayback();
  const result: EventHandlers.AuthTokenResult = await client.tokenRefresh("ada", "token");
  const login: EventHandlers.AuthResult = await client.loginWithToken("ada", result.tokens?.accessToken ?? "");
  const settings: CallSettings = { number: "conference", simulcast: true, video: true };
  client.joinAsViewer("conference", { "X-Seat": "2" }).on(VoxImplant.CallEvents.Connected, () => undefined);
  if (login.result) client.callConference(settings).on(VoxImplant.CallEvents.SharingStopped, () => false);
  client.off(VoxImplant.Events.AuthResult);
}

/** An old program. */
export async function old(call: Call): Promise<void> {
  const names: string[] = [...client.audioSources(), ...client.videoSources(), ...client.audioOutputs()].map(({ name }) => name);
  const stream: MediaStream = await client.useAudioSource("id", (given: MediaStream) => given.getTracks(), (error: Error) => error.message);
  await client.useVideoSource("id");
  await client.useAudioOutput("id");
  const track: MediaStreamTrack = await client.attachRecordingDevice();
  client.detachRecordingDevice();
  client.setVideoSettings({ width: { exact: 640 }, height: 480 }, () => undefined);
  const { result }: EventHandlers.Updated = await client.setCallActive(call, false);
  client.setLocalVideoPosition(0, client.volume(50));
  client.setLocalVideoSize(160, 90);
  client.playProgressTone(true);
  client.stopProgressTone();
  if (await client.limitAudioCodecs([{ name: "opus", params: { useinbandfec: "1" }, optional: true }])) console.log(client.getGUID(), names, stream, track, result);
  call.rearangeCodecs = async (list, incoming) => (incoming ? list : { sections: list.sections.filter(({ kind, codec }) => kind === "audio" || codec.length > 0) });
  call.showRemoteVideo(false);
  call.setRemoteVideoPosition(0, 0);
  call.setRemoteVideoSize(320, 180);
  call.setVideoSettings({ frameRate: 15 }, () => undefined, () => undefined);
  console.log(call.getVideoElementId().length, call.getAudioElementId(), (await call.getRemoteAudioStreams()).id, await call.sendMedia(true, false));
  client.joinAsSharing("conference", true, { "X-Seat": "3" }).hangup();
}

/** A program of the original's cloud. */
export async function cloud(): Promise<VoxImplant.OperatorACDStatuses> {
  const { key }: EventHandlers.AuthResult = await client.requestOneTimeLoginKey("ada");
  await client.loginWithOneTimeKey("ada", key ?? "", { receiveCalls: false });
  await client.registerForPushNotifications("token");
  await client.handlePushNotification({});
  VoxImplant.getMessenger().getMe();
  await client.setOperatorSQMessagingStatus(VoxImplant.OperatorACDStatuses.Online);
  return client.setOperatorACDStatus(VoxImplant.OperatorACDStatuses.Ready, { permanent: true });
}
