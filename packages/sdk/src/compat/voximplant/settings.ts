/** What the app asked for of its calls, by `init()` and since: as a call and the phone take it. */

import type { PhoneOptions } from "../../phone/api.ts";
import type { CallConfiguration } from "./call.ts";
import type { CodecLimits } from "./codecs.ts";
import { asked, audioConstraints, AudioDeviceManager, CameraManager } from "./hardware.ts";
import type { Config } from "./structures.ts";
import { render, RINGBACK, soundOf } from "./tone-script.ts";

/** The picture that `QualityIssueLocalVideoDegradation` expects where the app asks for none. */
const TARGET = { width: 320, height: 240 };

export class Settings {
  config: Config = {};
  codecs: CodecLimits = {};
  /** The most that is sent as video. */
  videoBps: number | undefined;

  /** `origin`: where the script came from. */
  constructor(private readonly origin: string) {}

  get servers(): PhoneOptions["servers"] {
    return this.config.sidetone?.servers ?? `${this.origin.replace(/^http/, "ws")}/sip`;
  }

  ofPhone(isRegistered: boolean): PhoneOptions {
    const { progressTone = true, progressToneCountry = "", sidetone } = this.config;
    const script = RINGBACK[progressToneCountry];
    const audio = audioConstraints(AudioDeviceManager.get().getDefaultAudioSettings());
    return {
      audio,
      ...sidetone,
      servers: this.servers,
      autoRegister: isRegistered,
      multipleCalls: true,
      tones: { ringing: false, connect: false, busy: false, ringback: progressTone && script ? soundOf(render(script)) : progressTone, ...sidetone?.tones },
    };
  }

  ofCall(isH264First = this.config.H264first === true): CallConfiguration {
    const { rtcStatsCollectionInterval, remoteVideoContainerId, videoContainerId, sidetone } = this.config;
    const { width, height } = this.#camera();
    return {
      camera: () => this.#camera(),
      microphone: () => this.config.sidetone?.audio ?? audioConstraints(AudioDeviceManager.get().getDefaultAudioSettings()),
      codecs: () => this.codecs,
      isH264First,
      collectionIntervalMs: rtcStatsCollectionInterval,
      container: () => elementOf(remoteVideoContainerId ?? videoContainerId),
      target: { width: asked(width) ?? TARGET.width, height: asked(height) ?? TARGET.height },
      preferred: { audio: sidetone?.codecs?.[0] ?? "opus", video: isH264First ? "H264" : "VP8" },
      videoBps: () => this.videoBps,
    };
  }

  /** Where the own picture is shown. */
  localVideo(): HTMLElement {
    return elementOf(this.config.localVideoContainerId);
  }

  /** What a camera is asked for. */
  #camera(): MediaTrackConstraints {
    const { videoConstraints: configured } = this.config;
    const { mandatory: _mandatory, optional: _optional, ...given } = typeof configured === "object" ? configured : {};
    return { ...given, ...CameraManager.get().constraints() };
  }
}

function elementOf(id: string | undefined): HTMLElement {
  return (id === undefined ? undefined : document.getElementById(id)) ?? document.body;
}
