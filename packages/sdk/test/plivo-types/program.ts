// A program as people write it for plivo-browser-sdk 2.2.21, with its typings under `strict`: a softphone in a page.

import type { EventEmitter } from "events";
import Plivo from "plivo-browser-sdk";
import type { BrowserDetails, Client, ConfiguationOptions, ConnectionInfo, ExtraHeaders } from "plivo-browser-sdk/client";
import type { AvailableFlagValues, AvailableLogMethods, DtmfOptions } from "plivo-browser-sdk/logger";
import type { CallInfo, CallSession } from "plivo-browser-sdk/managers/callSession";
import type { InputDevices, OutputDevices, RingToneDevices } from "plivo-browser-sdk/media/audioDevice";

const debug: AvailableLogMethods = "DEBUG";
const enableQualityTracking: AvailableFlagValues = "LOCALONLY";
const dtmfOptions: DtmfOptions = { sendDtmfType: ["inband", "outband"] };
const options: ConfiguationOptions = {
  debug,
  permOnClick: true,
  codecs: ["OPUS", "PCMU"],
  enableIPV6: false,
  audioConstraints: { echoCancellation: true, noiseSuppression: true },
  dscp: true,
  enableTracking: true,
  enableQualityTracking,
  appId: null,
  appSecret: null,
  registrationDomainSocket: ["wss://phone.example.com/sip"],
  clientRegion: "usa_west",
  preDetectOwa: false,
  disableRtpTimeOut: false,
  allowMultipleIncomingCalls: true,
  closeProtection: true,
  maxAverageBitrate: 48000,
  useDefaultAudioDevice: false,
  registrationRefreshTimer: 120,
  enableNoiseReduction: true,
  usePlivoStunServer: true,
  dtmfOptions,
  noiseReductionFilePath: "/processor.js",
};

const plivo: Plivo = new Plivo(options);
const client: Client = plivo.client;
const emitter: EventEmitter = client;
const meter = { value: 0 };

class Softphone {
  private callUUID: string | null = null;
  private readonly known = new Map<string, CallInfo>();
  status = "off";

  constructor(private readonly phone: Client) {
    phone.on("onLogin", () => (this.status = "ready"));
    phone.on("onLoginFailed", (cause: string) => (this.status = cause));
    phone.on("onConnectionChange", (info: ConnectionInfo) => (this.status = `${info.state} ${info.reason}`));
    phone.on("onCallRemoteRinging", this.ringing);
    phone.on("onIncomingCall", (callerID: string, extraHeaders: ExtraHeaders, callInfo: CallInfo, callerName: string) => {
      this.known.set(callInfo.callUUID, callInfo);
      this.status = `${callerName} ${callerID} ${extraHeaders["X-Ph-Test1"]}`;
    });
    phone.on("onCallTerminated", (hangupInfo: { originator: string; reason: string }, callInfo: CallInfo) => {
      this.known.delete(callInfo.callUUID);
      this.status = hangupInfo.reason + callInfo.code.toFixed();
    });
    phone.once("onCallFailed", (cause, callInfo) => (this.status = cause + callInfo.state));
    phone.on("mediaMetrics", (metric) => (this.status = metric.active ? metric.type : "good"));
    // Nobody typed these for them: they are used as what they are hoped to be.
    phone.on("volume", (stats) => (meter.value = stats.inputVolume));
    phone.on("onMediaPermission", (event) => (this.status = event.error.toLowerCase()));
    phone.addListener("audioDeviceChange", (change) => void this.devices(change.device.deviceId)).removeAllListeners("onDtmfReceived");
    phone.off("onCallRemoteRinging", this.ringing).emit("own", 1, "two");
  }

  readonly ringing = (callInfo: CallInfo): void => {
    this.callUUID = callInfo.callUUID;
  };

  start(user: string, password: string): boolean {
    const { login, isConnected, isConnecting, isRegistered } = this.phone;
    const isBusy: boolean | null = isConnected() || isConnecting() || isRegistered();
    return isBusy === null && !this.phone.isLoggedIn && login(user, password);
  }

  tokens(token: string): void {
    this.phone.loginWithAccessToken(token);
    this.phone.loginWithAccessTokenGenerator({ getAccessToken: () => new Promise<string>((resolve) => resolve(token)) });
    this.phone.setExpiryTimeInEpoch(Date.now() + 1000);
    const expires: number | null = this.phone.getTokenExpiryTimeInEpoch();
    this.status = `${expires} ${this.phone.getErrorStringByErrorCodes(10001)} ${this.phone.userName?.length}`;
  }

  call(to: string): boolean {
    const headers: ExtraHeaders = { "X-PH-Test1": "test1" };
    return this.phone.call(to, headers);
  }

  take(uuid: string): boolean {
    const answer: (callUUID: string, action: string) => boolean = this.phone.answer;
    return answer(uuid, "letring") || this.phone.reject(uuid) || this.phone.ignore(uuid);
  }

  during(): void {
    const { status, pc } = this.phone.getPeerConnection();
    if (status === "success") pc.getSenders();
    this.phone.sendDtmf("1");
    this.phone.sendDtmf(1);
    const wasMuted: boolean = this.phone.mute() || this.phone.unmute();
    this.phone.setDebug("ALL-PLAIN");
    const sounds: boolean[] = [this.phone.setRingTone("ring.mp3"), this.phone.setRingToneBack(false), this.phone.setConnectTone(true), this.phone.setDtmfTone("1", false)];
    for (const call of this.phone.getIncomingCalls()) this.status = call.callUUID + call.extraHeaders.any;
    this.status = `${wasMuted} ${sounds.length} ${this.phone.version.length} ${this.phone.webRTC() ? this.phone.supportedBrowsers() : ""}`;
    const details: BrowserDetails = this.phone.browserDetails;
    this.status = details.browser + details.version.toFixed();
    if (this.phone.callSession) this.phone.hangup();
  }

  async devices(id: string): Promise<void> {
    const { audio } = this.phone;
    const devices: MediaDeviceInfo[] = await audio.availableDevices("input");
    const revealed: string | MediaStream = await audio.revealAudioDevices("returnStream");
    const microphone: InputDevices = audio.microphoneDevices;
    const speaker: OutputDevices = audio.speakerDevices;
    const ringtone: RingToneDevices = audio.ringtoneDevices;
    microphone.set(id);
    speaker.set(devices[0].deviceId);
    const current: string = microphone.get() + speaker.get() + ringtone.get();
    ringtone.reset();
    const element: HTMLElement | null = speaker.media("ringback") ?? ringtone.media();
    this.status = `${current} ${typeof revealed} ${element?.id}`;
  }

  async after(): Promise<void> {
    const uuid: string | null = this.phone.getCallUUID() ?? this.phone.getLastCallUUID() ?? this.callUUID;
    if (uuid) this.status = await this.phone.submitCallQualityFeedback(uuid, "4", ["ECHO"], "it echoed", false);
    const reduced: boolean = (await this.phone.startNoiseReduction()) && (await this.phone.stopNoiseReduction());
    this.phone.clearOnLogout();
    this.status = String(reduced && this.phone.logout());
  }
}

export function describe(session: CallSession): string {
  return `${session.callUUID} ${session.direction} ${session.src} ${session.dest} ${session.state === session.STATE.RINGING} ${session.sipCallID}`;
}

export const phone = new Softphone(client);
export const listeners: number = emitter.listenerCount("onLogin");
