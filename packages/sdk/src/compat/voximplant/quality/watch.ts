/**
 * The quality issues of a call: the original's seven, and two of its SDKs for phones. Thresholds are those of voximplant-websdk 4.3, where they fire at all; an issue is raised, changes and
 * is cleared (`NONE`) once each, not with every look.
 */

import { CallEvents, SidetoneEvents } from "../call-events.ts";
import { TrackType } from "../enums.ts";
import type { Source } from "../stats/source.ts";
import { type Level, levelAbove, Steady, WINDOW } from "./level.ts";
import { availableBps, isReceiving, isSilent, latencyMs, receivedLoss, sentCodec, sentVideo } from "./measure.ts";

export interface QualityIssue {
  readonly name: CallEvents | SidetoneEvents;
  readonly level: Level;
  readonly [payload: string]: unknown;
}

/** What only the call knows. */
export interface Conditions {
  readonly isMuted: boolean;
  /** Whether the microphone gives nothing, where reports do not tell it. */
  readonly isSilent?: (() => boolean | undefined) | undefined;
  /** Held by either side: nothing is to be expected of its media. */
  readonly isHeld: boolean;
  /** What is sent as video. */
  readonly sends: "camera" | "screen" | undefined;
  /** What of the other side there is to be heard and seen. */
  readonly receives: { readonly audio: boolean; readonly video: boolean };
  /** The picture that the app asked for. */
  readonly target: { readonly width: number; readonly height: number };
  /** The codecs that should be sent, such as `opus`; nothing: any. */
  readonly preferred: { readonly audio: string | undefined; readonly video: string | undefined };
  /** Bit/s that the app allows its video; nothing: what the picture needs. */
  readonly videoBps: number | undefined;
}

/** Milliseconds. */
const LATENCY = [100, 200, 300] as const;
/** 0 to 1. */
const LOSS = [0.05, 0.1, 0.15] as const;
/** Frames per second of a shared screen. */
const SCREEN_FPS = [15, 8, 4] as const;
/** Looks without anything sent before that counts. */
const UNSENT_MIN = 5;
/** And without anything received. A pause in speech is none: Opus sends a packet in 400 ms then. */
const UNRECEIVED_MIN = 5;
/** Looks until the estimate of the bandwidth has found its place. */
const RAMP = 10;
/** Bit/s of a voice in Opus. */
const AUDIO_BPS = 32_000;
/** Bit/s for each captured pixel; libwebrtc aims at 500 kbit/s for 640x360 and 2.5 Mbit/s for 1280x720. */
const VIDEO_BITS_PER_PIXEL = 2;

const reaches = (value: number, threshold: number) => value >= threshold;
const exceeds = (value: number, threshold: number) => value > threshold;
const fallsBelow = (value: number, threshold: number) => value < threshold;

/** Of a share of what was aimed at. */
function levelOfShare(share: number): Level {
  return share < 0.5 ? "CRITICAL" : share <= 0.7 ? "MAJOR" : share <= 0.85 ? "MINOR" : "NONE";
}

/** Judges a call, one report a second. */
export class QualityWatch {
  readonly #levels = new Map<string, { readonly name: QualityIssue["name"]; readonly steady: Steady; payload: object }>();
  #history: Source[] = [];
  readonly #unsent = { audio: 0, video: 0 };
  readonly #unreceived = { audio: 0, video: 0 };
  #videoLooks = 0;
  #ice: Level = "NONE";

  /** The issues that this report raises, changes or clears. */
  look(now: Source, conditions: Conditions): QualityIssue[] {
    this.#history = [...this.#history, now].slice(-(WINDOW + 1));
    const before = this.#history.at(-2);
    const oldest = this.#history[0];
    if (!before || !oldest) return [];
    if (conditions.isHeld) return this.#clear();
    return [
      ...this.#latency(now, before),
      ...this.#loss(now, oldest),
      ...this.#degradation(now, before, conditions),
      ...this.#codec(now, before, "audio", conditions.preferred.audio),
      ...this.#codec(now, before, "video", conditions.sends === "camera" ? conditions.preferred.video : undefined),
      ...this.#silence(now, before, conditions),
      ...this.#bandwidth(now, before, conditions),
      ...this.#reception(now, before, "audio", conditions),
      ...this.#reception(now, before, "video", conditions),
    ];
  }

  /** The connection's state changed. */
  ice(state: RTCIceConnectionState): QualityIssue[] {
    const level = state === "failed" ? "CRITICAL" : state === "disconnected" ? "MAJOR" : state === "checking" ? this.#ice : "NONE";
    if (level === this.#ice) return [];
    this.#ice = level;
    return [{ name: CallEvents.QualityIssueICEDisconnected, level }];
  }

  /** The media goes another way now: what was seen of the old one is over. */
  reset(): QualityIssue[] {
    this.#history = [];
    this.#videoLooks = 0;
    return this.#clear();
  }

  #latency(now: Source, before: Source): QualityIssue[] {
    const latency = latencyMs(now, before);
    return this.#judge(CallEvents.QualityIssueHighMediaLatency, "", latency === undefined ? undefined : levelAbove(latency, LATENCY, exceeds), { latency });
  }

  #loss(now: Source, oldest: Source): QualityIssue[] {
    const packetLoss = receivedLoss(now, oldest);
    return this.#judge(CallEvents.QualityIssuePacketLoss, "", packetLoss === undefined ? undefined : levelAbove(packetLoss, LOSS, reaches), { packetLoss });
  }

  #degradation(now: Source, before: Source, { sends, target }: Conditions): QualityIssue[] {
    const name = CallEvents.QualityIssueLocalVideoDegradation;
    const video = sends && sentVideo(now, before);
    const camera = video && levelOfShare(Math.min(video.width, video.height) / Math.min(target.width, target.height));
    // A screen on which nothing moves gives few frames: only those count that were there to be sent.
    const isStill = video?.captured?.fps !== undefined && video.captured.fps <= video.fps + 1;
    const screen = video && (isStill ? "NONE" : levelAbove(video.fps, SCREEN_FPS, fallsBelow));
    return [
      ...this.#judge(name, TrackType.video, sends === "camera" ? camera : null, {
        kind: TrackType.video,
        targetWidth: target.width,
        targetHeight: target.height,
        actualWidth: video?.width,
        actualHeight: video?.height,
      }),
      ...this.#judge(name, TrackType.sharing, sends === "screen" ? screen : null, { kind: TrackType.sharing, fps: video?.fps }),
    ];
  }

  #codec(now: Source, before: Source, kind: "audio" | "video", preferred: string | undefined): QualityIssue[] {
    const sent = preferred === undefined ? undefined : sentCodec(now, before, kind);
    this.#unsent[kind] = sent === null ? this.#unsent[kind] + 1 : 0;
    const isUnsent = this.#unsent[kind] >= UNSENT_MIN;
    const isOther = sent && sent.toLowerCase() !== `${kind}/${preferred}`.toLowerCase();
    const isOpen = sent === null && !isUnsent;
    const level = sent === undefined ? null : isOpen ? undefined : isUnsent ? "CRITICAL" : isOther ? "MAJOR" : "NONE";
    return this.#judge(CallEvents.QualityIssueCodecMismatch, kind, level, { kind: TrackType[kind], sendCodec: sent ?? undefined });
  }

  #silence(now: Source, before: Source, conditions: Conditions): QualityIssue[] {
    const { isMuted } = conditions;
    const silent = isSilent(now, before) ?? conditions.isSilent?.();
    const level = silent === undefined ? undefined : silent ? "CRITICAL" : "NONE";
    return this.#judge(CallEvents.QualityIssueNoAudioSignal, "", isMuted ? null : level, {});
  }

  #reception(now: Source, before: Source, kind: "audio" | "video", { receives }: Conditions): QualityIssue[] {
    const isThere = isReceiving(now, before, kind);
    this.#unreceived[kind] = isThere || !receives[kind] ? 0 : this.#unreceived[kind] + 1;
    const level = isThere ? "NONE" : this.#unreceived[kind] >= UNRECEIVED_MIN ? "CRITICAL" : undefined;
    const name = kind === "audio" ? SidetoneEvents.QualityIssueNoAudioReceived : SidetoneEvents.QualityIssueNoVideoReceived;
    return this.#judge(name, "", receives[kind] ? level : null, {});
  }

  #bandwidth(now: Source, before: Source, { videoBps }: Conditions): QualityIssue[] {
    const actualBitrate = availableBps(now);
    const video = sentVideo(now, before);
    this.#videoLooks = video ? this.#videoLooks + 1 : 0;
    const picture = video?.captured ?? video;
    const needed = picture ? VIDEO_BITS_PER_PIXEL * picture.width * picture.height : 0;
    const targetBitrate = AUDIO_BPS + (video ? Math.min(videoBps ?? needed, needed) : 0);
    const isRising = video !== undefined && this.#videoLooks <= RAMP;
    const isEnough = video?.limitedBy !== undefined && video.limitedBy !== "bandwidth";
    const level = actualBitrate === undefined || isRising ? undefined : isEnough ? "NONE" : levelOfShare(actualBitrate / targetBitrate);
    return this.#judge(CallEvents.QualityIssueLowBandwidth, "", level, { targetBitrate, actualBitrate });
  }

  /** A judgement of an issue, of each `kind` on its own; `undefined`: it cannot be judged now; `null`: there is nothing that could have it. */
  #judge(name: QualityIssue["name"], kind: string, level: Level | undefined | null, payload: object): QualityIssue[] {
    const key = `${name} ${kind}`;
    if (level === undefined) return [];
    if (level === null) return this.#forget(key);
    const held = this.#levels.get(key) ?? { name, steady: new Steady(), payload };
    this.#levels.set(key, held);
    held.payload = payload;
    const changed = held.steady.judge(level);
    return changed ? [{ name, level: changed, ...payload }] : [];
  }

  #forget(key: string): QualityIssue[] {
    const held = this.#levels.get(key);
    return held?.steady.reset() ? [{ ...held.payload, name: held.name, level: "NONE" }] : [];
  }

  #clear(): QualityIssue[] {
    return [...this.#levels.keys()].flatMap((key) => this.#forget(key));
  }
}
