/** A page with a phone. The tests press its keys from outside and read what it was told. */

import type { Call, CallEventMap, Credentials, Phone, PhoneEventMap, PhoneOptions } from "../../packages/sdk/src/phone/api.ts";

declare const SidetonePhone: { createPhone(options: PhoneOptions): Phone };

/** An event of the phone (`call` absent) or of a call, as data. */
export interface Told {
  readonly call: number | undefined;
  readonly name: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const PHONE_EVENTS = ["connected", "disconnected", "registered", "unregistered", "registrationFailed", "tokenExpiring", "keepAlive", "devices", "mediaPermission"] as const satisfies readonly (keyof PhoneEventMap)[];
const CALL_EVENTS = [
  "state", "progress", "answered", "confirmed", "mediaConnected", "iceCompleted", "iceTimeout", "iceState", "gatheringTimeout", "ended", "hold", "mute",
  "updated", "dtmf", "info", "message", "transfer", "remoteTrack", "localStream", "network",
] as const satisfies readonly (keyof CallEventMap)[];

const page = {
  phone: undefined as unknown as Phone,
  /** In the order in which they came to be. */
  calls: [] as Call[],
  told: [] as Told[],

  open(options: PhoneOptions): void {
    page.phone = SidetonePhone.createPhone(options);
    for (const name of PHONE_EVENTS) page.phone.on(name, (value) => page.note(undefined, name, value));
    page.phone.on("incoming", ({ call, replaces }) => page.follow(call, "incoming", { replaces: replaces ? page.calls.indexOf(replaces) : undefined }));
    page.phone.on("outgoing", ({ call }) => page.follow(call, "outgoing", {}));
  },

  /** What it is rejected with, or nothing. */
  async connect(credentials: Credentials): Promise<unknown> {
    return page.phone.connect(credentials).then(
      () => undefined,
      (cause) => plain(cause),
    );
  },

  follow(call: Call, name: string, value: object): void {
    const index = page.calls.push(call) - 1;
    page.note(index, name, value);
    for (const event of CALL_EVENTS) call.on(event, (told) => page.note(index, event, told));
    call.on("refer", ({ target }) => page.note(index, "refer", { target }));
  },

  note(call: number | undefined, name: string, value: object): void {
    page.told.push({ call, name, value: plain(value) as Readonly<Record<string, unknown>> });
  },

  /** What is heard of the other side in some time: the energy of what was decoded (W3C webrtc-stats), and the strongest frequency. */
  async listen(index: number, ms: number): Promise<{ readonly energy: number; readonly hertz: number }> {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 8192;
    context.createMediaStreamSource(page.calls[index]!.remoteStream!).connect(analyser);
    const bins = new Float32Array(analyser.frequencyBinCount);
    const before = await page.energy(index);
    let [loudest, hertz] = [-Infinity, 0];
    for (const end = performance.now() + ms; performance.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      analyser.getFloatFrequencyData(bins);
      const top = bins.indexOf(Math.max(...bins));
      if (bins[top]! > loudest) [loudest, hertz] = [bins[top]!, (top * context.sampleRate) / analyser.fftSize];
    }
    await context.close();
    return { energy: (await page.energy(index)) - before, hertz };
  },

  /** A microphone beside a road: brown noise, and nobody speaks. */
  async road(): Promise<MediaStream> {
    const context = new AudioContext();
    const buffer = context.createBuffer(1, 4 * context.sampleRate, context.sampleRate);
    const samples = buffer.getChannelData(0);
    let level = 0;
    for (let at = 0; at < samples.length; at++) {
      level = 0.95 * level + 0.03 * (2 * Math.random() - 1);
      samples[at] = level;
    }
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.loop = true;
    const destination = context.createMediaStreamDestination();
    source.connect(destination);
    source.start();
    return destination.stream;
  },

  async energy(index: number): Promise<number> {
    let energy = 0;
    const report = await page.calls[index]!.peerConnection!.getStats();
    (report as unknown as Map<string, RTCInboundRtpStreamStats>).forEach((stats) => {
      if (stats.type === "inbound-rtp") energy += stats.totalAudioEnergy ?? 0;
    });
    return energy;
  },

  /** Packets that came in and went out so far, by kind. */
  async packets(index: number): Promise<Readonly<Record<"audioIn" | "audioOut" | "videoIn" | "videoOut" | "framesIn", number>>> {
    const counts = { audioIn: 0, audioOut: 0, videoIn: 0, videoOut: 0, framesIn: 0 };
    const report = await page.calls[index]!.peerConnection!.getStats();
    (report as unknown as Map<string, RTCInboundRtpStreamStats & RTCOutboundRtpStreamStats>).forEach((stats) => {
      const kind = stats.kind as "audio" | "video";
      if (stats.type === "inbound-rtp") counts[`${kind}In`] += stats.packetsReceived ?? 0;
      if (stats.type === "outbound-rtp") counts[`${kind}Out`] += stats.packetsSent ?? 0;
      if (stats.type === "inbound-rtp") counts.framesIn += stats.framesDecoded ?? 0;
    });
    return counts;
  },
};

/** As data; what the browser made is named. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, held: unknown) => {
      if (held instanceof MediaStream || held instanceof MediaStreamTrack) return held.id;
      if (held instanceof Error) return held.name;
      return held;
    }) ?? "null",
  );
}

declare global {
  // eslint-disable-next-line no-var
  var line: typeof page;
}
globalThis.line = page;
