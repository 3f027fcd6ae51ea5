/** The page in which both ends of a call live: speech in at one, a recording and reports out at the other. */

import type { Condition } from "../src/condition.ts";
import type { Side } from "../src/relay.ts";

declare function relayCandidate(side: Side, line: string): Promise<string | undefined>;

const RATE = 48_000;
/** Readings twice a second, so that the counters at the borders of a segment are close to one. */
const POLL_MS = 500;
/** Speech before that which is judged, so that bit rate and jitter buffer settle. */
const SETTLE_S = 6;
/** Objects of a report that are kept. */
const KINDS = ["inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "remote-outbound-rtp", "candidate-pair", "media-source", "codec"];

/** Posts what it hears in tenths of a second, each with the frame at which it ended. */
const RECORDER = `registerProcessor("recorder", class extends AudioWorkletProcessor {
  taken = 0;
  samples = new Int16Array(${RATE / 10});
  process([input]) {
    for (let i = 0; i < 128; i++) {
      this.samples[this.taken++] = 32767 * Math.max(-1, Math.min(1, input[0]?.[i] ?? 0));
      if (this.taken === this.samples.length) {
        this.port.postMessage({ samples: this.samples, end: currentFrame + i + 1 });
        this.samples = new Int16Array(this.samples.length);
        this.taken = 0;
      }
    }
    return true;
  }
});`;

/** Both ends' objects at one time, by wall clock and by the frames of the audio clock. */
export interface Reading {
  readonly time_ms: number;
  readonly frame: number;
  readonly sender: Record<string, unknown>;
  readonly receiver: Record<string, unknown>;
}

/** What a call leaves behind, beside the recording that is posted. */
export interface Outcome {
  /** Frame at which the first segment of speech began, and that of the recording's first sample. */
  readonly speech_frame: number;
  readonly recording_frame: number;
  readonly readings: readonly Reading[];
}

interface Call {
  readonly sender: RTCPeerConnection;
  readonly receiver: RTCPeerConnection;
  readonly chunks: Int16Array[];
  readonly readings: Reading[];
  speech_frame: number;
  recording_frame: number;
  timer: ReturnType<typeof setInterval> | undefined;
}

let call: Call;
const context = new AudioContext({ sampleRate: RATE });
const ready = context.audioWorklet.addModule(URL.createObjectURL(new Blob([RECORDER], { type: "text/javascript" })));

/** Places the call; resolves when both ends are connected and the speech runs. It is repeated without end, and begins with its end. */
async function open(id: string, condition: Condition): Promise<void> {
  await ready;
  await context.resume();
  const speech = new Int16Array(await (await fetch(`/speech/${id}`)).arrayBuffer());
  const buffer = context.createBuffer(1, speech.length, RATE);
  buffer.getChannelData(0).set(Float32Array.from(speech, (sample) => sample / 32768));
  const source = new AudioBufferSourceNode(context, { buffer, loop: true });
  const microphone = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
  source.connect(microphone);
  const [sender, receiver] = [new RTCPeerConnection(), new RTCPeerConnection()];
  call = { sender, receiver, chunks: [], readings: [], speech_frame: 0, recording_frame: -1, timer: undefined };
  exchangeCandidates("sender", sender, receiver);
  exchangeCandidates("receiver", receiver, sender);
  receiver.ontrack = ({ track }) => record(new MediaStream([track]));

  const transceiver = sender.addTransceiver(microphone.stream.getAudioTracks()[0]!, { direction: "sendonly" });
  const codecs = RTCRtpReceiver.getCapabilities("audio")!.codecs;
  const wanted = condition.codec === "red" ? ["audio/red", "audio/opus"] : [`audio/${condition.codec}`];
  transceiver.setCodecPreferences(wanted.flatMap((type) => codecs.filter(({ mimeType }) => mimeType.toLowerCase() === type)));
  await sender.setLocalDescription();
  await receiver.setRemoteDescription(sender.localDescription!);
  await receiver.setLocalDescription();
  let { sdp } = receiver.localDescription!;
  if (condition.fec === 0) sdp = sdp.replace("useinbandfec=1", "useinbandfec=0");
  if (condition.bitrate_kbps) sdp = sdp.replace(/useinbandfec=\d/, `$&;maxaveragebitrate=${condition.bitrate_kbps * 1000}`);
  await sender.setRemoteDescription({ type: "answer", sdp });
  await Promise.all([connected(sender), connected(receiver)]);
  const at = context.currentTime + 0.1;
  source.start(at, buffer.duration - SETTLE_S);
  call.speech_frame = Math.round((at + SETTLE_S) * RATE);
  call.timer = setInterval(() => void read(), POLL_MS);
}

/** Ends the call and posts its recording. */
async function close(id: string): Promise<Outcome> {
  clearInterval(call.timer);
  await read();
  call.sender.close();
  call.receiver.close();
  await fetch(`/recording/${id}`, { method: "POST", body: new Blob(call.chunks as BlobPart[]) });
  const { speech_frame, recording_frame, readings } = call;
  return { speech_frame, recording_frame, readings };
}

function exchangeCandidates(side: Side, from: RTCPeerConnection, to: RTCPeerConnection): void {
  from.onicecandidate = async ({ candidate }) => {
    const line = candidate?.candidate && (await relayCandidate(side, candidate.candidate));
    if (line) await to.addIceCandidate({ candidate: line, sdpMid: candidate.sdpMid, sdpMLineIndex: candidate.sdpMLineIndex });
  };
}

function record(stream: MediaStream): void {
  // Chromium decodes a remote track only while an element plays it.
  const element = new Audio();
  element.srcObject = stream;
  void element.play();
  const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  recorder.port.onmessage = ({ data: { samples, end } }: MessageEvent<{ samples: Int16Array; end: number }>) => {
    if (call.recording_frame < 0) call.recording_frame = end - samples.length;
    call.chunks.push(samples);
  };
  context.createMediaStreamSource(stream).connect(recorder);
}

async function read(): Promise<void> {
  const [frame, time_ms] = [context.currentTime * RATE, performance.now()];
  const [sender, receiver] = await Promise.all([call.sender.getStats(), call.receiver.getStats()]);
  call.readings.push({ time_ms, frame, sender: kept(sender), receiver: kept(receiver) });
}

/** The objects of a report by kind: a one-way call has one of each, and one nominated pair. */
function kept(report: RTCStatsReport): Record<string, unknown> {
  const objects: Record<string, unknown> = {};
  report.forEach((object) => {
    if (KINDS.includes(object.type) && (object.type !== "candidate-pair" || object.nominated)) objects[object.type] = object;
  });
  return objects;
}

function connected(connection: RTCPeerConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (connection.connectionState === "connected") resolve();
      else if (connection.connectionState === "failed") reject(new Error("the call did not connect"));
    };
    connection.onconnectionstatechange = look;
    look();
  });
}

export const lab = { open, close };
Object.assign(globalThis, { lab });
