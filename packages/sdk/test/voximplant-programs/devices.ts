// Devices, the own picture, logs and the rest of the client.

import * as VoxImplant from "voximplant-websdk";
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
