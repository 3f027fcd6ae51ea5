/** The values that quality issues are judged by, from the browser's reports; `undefined` where there is nothing to judge. */

import { number, type Source, type Stats, text } from "../stats/source.ts";
import { jitterBufferMs } from "../stats/transform.ts";

/** Fewer packets say nothing about loss. */
const PACKETS_MIN = 20;

/** Half the round trip and the longest stay in a jitter buffer, milliseconds. */
export function latencyMs(now: Source, before: Source): number | undefined {
  const rtt = number(now.selectedPair, "currentRoundTripTime");
  const buffers = now.all("inbound-rtp").flatMap((stream) => {
    const past = before.get(text(stream, "id"));
    return (past && jitterBufferMs(stream, past)) ?? [];
  });
  if (rtt === undefined && buffers.length === 0) return undefined;
  return ((rtt ?? 0) * 1000) / 2 + Math.max(0, ...buffers);
}

/** Loss of what should have been received, 0 to 1: of audio or of video, whichever is worse. */
export function receivedLoss(now: Source, before: Source): number | undefined {
  const ratios = (["audio", "video"] as const).flatMap((kind) => {
    let lost = 0;
    let received = 0;
    for (const stream of now.all("inbound-rtp")) {
      const past = before.get(text(stream, "id"));
      if (stream["kind"] !== kind || !past) continue;
      lost += (number(stream, "packetsLost") ?? 0) - (number(past, "packetsLost") ?? 0);
      received += (number(stream, "packetsReceived") ?? 0) - (number(past, "packetsReceived") ?? 0);
    }
    const expected = Math.max(0, lost) + received;
    return expected < PACKETS_MIN ? [] : Math.max(0, lost) / expected;
  });
  return ratios.length === 0 ? undefined : Math.max(...ratios);
}

/** The picture that is sent: of several layers, the largest that is. */
export interface SentVideo {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** Frames per second that are captured. */
  readonly captured: { readonly width: number; readonly height: number; readonly fps: number | undefined } | undefined;
  readonly limitedBy: string | undefined;
}

export function sentVideo(now: Source, before: Source): SentVideo | undefined {
  const layers = sending(now, before, "video").flatMap((stream) => {
    const source = now.follow(stream, "mediaSourceId");
    const [width, height] = [number(stream, "frameWidth"), number(stream, "frameHeight")];
    const [baseWidth, baseHeight] = [number(source, "width"), number(source, "height")];
    if (!width || !height) return [];
    const captured = baseWidth && baseHeight ? { width: baseWidth, height: baseHeight, fps: number(source, "framesPerSecond") } : undefined;
    return { width, height, fps: number(stream, "framesPerSecond") ?? 0, captured, limitedBy: text(stream, "qualityLimitationReason") };
  });
  return layers.sort((one, other) => other.height - one.height)[0];
}

/** Whether a microphone that should be heard gives nothing at all, not even noise; `undefined` where the report does not tell (Firefox). */
export function isSilent(now: Source, before: Source): boolean | undefined {
  const source = now.all("media-source").find((held) => held["kind"] === "audio");
  const past = before.get(text(source, "id"));
  const [energy, energyBefore] = [number(source, "totalAudioEnergy"), number(past, "totalAudioEnergy")];
  if (energy !== undefined && energyBefore !== undefined) return energy === energyBefore;
  const level = number(source, "audioLevel");
  return level === undefined ? undefined : level === 0;
}

/** Whether packets of a kind came since `before`. */
export function isReceiving(now: Source, before: Source, kind: "audio" | "video"): boolean {
  return now.all("inbound-rtp").some((stream) => {
    const past = number(before.get(text(stream, "id")), "packetsReceived") ?? 0;
    return stream["kind"] === kind && (number(stream, "packetsReceived") ?? 0) > past;
  });
}

/** MIME type of what is sent of a kind; `null`: nothing is, though there is a stream for it. */
export function sentCodec(now: Source, before: Source, kind: "audio" | "video"): string | null | undefined {
  const streams = now.all("outbound-rtp").filter((stream) => stream["kind"] === kind && stream["active"] !== false);
  if (streams.length === 0) return undefined;
  const [first] = sending(now, before, kind);
  return first ? text(now.follow(first, "codecId"), "mimeType") : null;
}

/** What the network takes from us, bit/s. */
export function availableBps(now: Source): number | undefined {
  return number(now.selectedPair, "availableOutgoingBitrate");
}

/** The streams of a kind that sent since `before`. */
function sending(now: Source, before: Source, kind: "audio" | "video"): Stats[] {
  return now.all("outbound-rtp").filter((stream) => {
    const past = before.get(text(stream, "id"));
    return stream["kind"] === kind && past !== undefined && (number(stream, "packetsSent") ?? 0) > (number(past, "packetsSent") ?? 0);
  });
}
