// A quality panel: every number of the statistics is used as the type says it may be.

import { CallEvents, CallState, Events, getInstance } from "voximplant-websdk";
import type { Call } from "voximplant-websdk/Call/Call";
import type { EventHandlers } from "voximplant-websdk/EventHandlers";
import type { ConnectionStatsReport, InboundAudioStatsReport, InboundVideoStatsReport, OutboundAudioStatsReport, OutboundVideoStatsReport, StatsReport } from "voximplant-websdk/Stats/v5/StatsReport";

const rows = new Map<string, number[]>();

function add(name: string, ...values: (number | undefined)[]): void {
  rows.set(name, values.map((value) => value ?? 0));
}

function connection({ timestamp, localType, remoteType, localIp, remotePort, availableOutgoingBitrate, rtt, currentRtt }: ConnectionStatsReport): void {
  const isRelayed: boolean = localType === "relay" || remoteType === "relay";
  add(`${localIp ?? "unknown"} ${isRelayed}`, timestamp, remotePort, availableOutgoingBitrate, rtt, currentRtt);
}

function sent(stream: OutboundAudioStatsReport | OutboundVideoStatsReport): void {
  add(stream.codec ?? "", stream.bitrate * 1, stream.jitter * 1000, stream.rtt, stream.loss * 100, stream.packetsLost, stream.totalRtt, stream.pt);
  if (stream.kind === "video") add("video", stream.width, stream.baseHeight, stream.framesPerSecond, stream.firCount + stream.pliCount + stream.nackCount, stream.qpSum);
  else add("audio", stream.audioLevel, stream.totalAudioEnergy);
}

function received(stream: InboundAudioStatsReport | InboundVideoStatsReport): void {
  add(stream.endpoint ?? "", stream.bytesReceived, stream.packetsReceived, stream.loss, stream.jitter, stream.bitrate);
  const video = stream as InboundVideoStatsReport;
  const audio = stream as InboundAudioStatsReport;
  add(stream.kind, video.freezeCount, video.totalFreezesDuration, video.framesDropped, audio.silentConcealedSamples, audio.totalSamplesDuration);
}

function show(stats: StatsReport): string {
  connection(stats.connection);
  for (const layers of Object.values(stats.outbound)) layers.forEach(sent);
  for (const stream of Object.values(stats.inbound)) received(stream);
  return stats.mos.mosG107.toFixed(1);
}

export function watch(call: Call): () => void {
  const told = ({ stats, call: of }: EventHandlers.CallStatsReceived) => console.log(of.id(), show(stats));
  call.on(CallEvents.CallStatsReceived, told);
  const loss = (event: EventHandlers.PacketLossIssue) => add(String(event.level), event.packetLoss);
  call.on(CallEvents.QualityIssuePacketLoss, loss);
  call.on(CallEvents.QualityIssueHighMediaLatency, (event: EventHandlers.HighMediaLatencyIssue) => add("latency", event.latency));
  call.on(CallEvents.QualityIssueLowBandwidth, (event: EventHandlers.LowBandwidthIssue) => add("bandwidth", event.targetBitrate - event.actualBitrate));
  call.on(CallEvents.QualityIssueLocalVideoDegradation, (event: EventHandlers.LocalVideoDegradationIssue) => add("picture", event.actualWidth, event.fps));
  call.on(CallEvents.QualityIssueCodecMismatch, ({ sendCodec }: EventHandlers.CodecMismatchIssue) => console.log(sendCodec?.toLowerCase()));
  for (const event of [CallEvents.QualityIssueICEDisconnected, CallEvents.QualityIssueNoAudioSignal, CallEvents.ICETimeout, CallEvents.ICECompleted]) {
    call.on(event, ({ name }: EventHandlers.CallEvent) => console.log(name === event));
  }
  return () => call.off(CallEvents.CallStatsReceived, told);
}

/** Handlers by event, as an application keeps them. */
const handlers: { readonly [event in CallEvents]?: (event: EventHandlers.CallEvent) => void } = {
  [CallEvents.TransferComplete]: ({ call }) => console.log(call.state()),
  [CallEvents.TransferFailed]: ({ call }) => call.hangup(),
};

export function all(call: Call): CallEvents[] {
  const events = [CallEvents.TransferComplete, CallEvents.TransferFailed];
  for (const event of events) call.on(event, (told) => handlers[event]?.(told));
  return events;
}

export function describe(state: CallState): string {
  switch (state) {
    case CallState.ALERTING:
    case CallState.PROGRESSING:
      return "begins";
    case CallState.CONNECTED:
    case CallState.UPDATING:
      return "is up";
    default:
      return "ends";
  }
}

getInstance().on(Events.IncomingCall, ({ call }: EventHandlers.IncomingCall) => watch(call));

// @ts-expect-error: an event is one of the enumeration, not any text that looks like one.
export const named: CallEvents = "Connected";
