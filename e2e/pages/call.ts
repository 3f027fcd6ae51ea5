/** A page that calls and is measured. The tests drive it from outside: they carry the session descriptions from page to page. */

import type { Sidetone as Client, Events, Options } from "../../packages/sdk/src/index.ts";

declare const Sidetone: typeof Client | undefined;

/** What `getStats` said on a connection, as the page itself saw it. */
interface Seen {
  readonly timeMs: number;
  /** How long the browser took to say it. */
  readonly tookMs: number;
  readonly stats: Record<string, Record<string, unknown>>;
}

const connections = new Map<string, { readonly peerConnection: RTCPeerConnection; readonly seen: Seen[] }>();
const told: { name: string; value: unknown }[] = [];
let client: Client | undefined;
let media: MediaStream | undefined;
let isMutedFirst = false;

const TOLD = ["issue", "issueEscalated", "issueCleared", "upload", "error"] as const satisfies readonly (keyof Events)[];

const page = {
  /** Makes the client; `observeAll` when no connection is handed to it. */
  join(options: Options, isAutomatic = false): void {
    if (!Sidetone) throw new Error("the script of Sidetone is not there");
    client = new Sidetone(options);
    for (const name of TOLD) client.on(name, (value) => told.push({ name, value: plain(value) }));
    client.on("tick", () => (page.ticks += 1));
    if (isAutomatic) client.observeAll();
  },

  ticks: 0,

  /** What the client told so far. */
  told: () => told,

  /** `isZero`: in place of the microphone a track of exact zeros, as a virtual one gives without a source. */
  async open(id: string, { video = true, observe = true, send = true, isZero = false } = {}): Promise<void> {
    if (isZero) media = zeros();
    if (send) media ??= await navigator.mediaDevices.getUserMedia({ audio: true, video: video && { width: 640, height: 480, frameRate: 20 } });
    const peerConnection = new RTCPeerConnection();
    const seen: Seen[] = [];
    const getStats = peerConnection.getStats.bind(peerConnection);
    // What the browser said is noted before anybody else sees it.
    peerConnection.getStats = async () => {
      const askedMs = performance.now();
      const report = await getStats();
      seen.push({ timeMs: Date.now(), tookMs: performance.now() - askedMs, stats: Object.fromEntries(report as unknown as Map<string, Record<string, unknown>>) });
      return report;
    };
    if (isMutedFirst) page.mute(true);
    for (const track of (send && media?.getTracks()) || []) peerConnection.addTrack(track, media!);
    peerConnection.ontrack = ({ streams, track }) => {
      const element = document.createElement(track.kind as "audio" | "video");
      element.srcObject = streams[0] ?? new MediaStream([track]);
      element.autoplay = true;
      document.body.append(element);
    };
    connections.set(id, { peerConnection, seen });
    if (observe) client?.observe(peerConnection, { id });
  },

  /** A session description with all candidates in it. */
  async offer(id: string): Promise<string> {
    const { peerConnection } = of(id);
    await peerConnection.setLocalDescription(await peerConnection.createOffer());
    return gathered(peerConnection);
  },

  /** `direction` of everything that is offered; as it comes unless told. */
  async answer(id: string, sdp: string, direction?: RTCRtpTransceiverDirection): Promise<string> {
    const { peerConnection } = of(id);
    await peerConnection.setRemoteDescription({ type: "offer", sdp });
    if (direction) for (const transceiver of peerConnection.getTransceivers()) transceiver.direction = direction;
    await peerConnection.setLocalDescription(await peerConnection.createAnswer());
    return gathered(peerConnection);
  },

  async accept(id: string, sdp: string): Promise<void> {
    await of(id).peerConnection.setRemoteDescription({ type: "answer", sdp });
  },

  state: (id: string) => of(id).peerConnection.connectionState,

  /** What is opened from now on is muted. */
  muteFirst(): void {
    isMutedFirst = true;
  },

  mute(isMuted: boolean): void {
    for (const track of media?.getAudioTracks() ?? []) track.enabled = !isMuted;
  },

  connection: (id: string) => of(id).peerConnection,

  /** What the browser said on a connection. */
  seen: (id: string) => of(id).seen,

  event: (kind: string, payload: object) => client?.event(kind, payload),

  flush: () => client?.flush(),

  /** Leaves as an app does: the client first, so that it takes a last report. What waits goes before, because the end waits for it no longer than 5 s. */
  async leave(): Promise<void> {
    await client?.flush();
    await client?.stop();
    for (const { peerConnection } of connections.values()) peerConnection.close();
  },
};

function zeros(): MediaStream {
  const context = new AudioContext();
  const [source, destination] = [new ConstantSourceNode(context, { offset: 0 }), new MediaStreamAudioDestinationNode(context)];
  source.connect(destination);
  source.start();
  return destination.stream;
}

function of(id: string) {
  const held = connections.get(id);
  if (!held) throw new Error(`no connection ${id}`);
  return held;
}

function gathered(peerConnection: RTCPeerConnection): Promise<string> {
  return new Promise((resolve) => {
    const look = () => peerConnection.iceGatheringState === "complete" && resolve(peerConnection.localDescription!.sdp);
    peerConnection.addEventListener("icegatheringstatechange", look);
    look();
  });
}

/** Without what cannot leave the page. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (name, held: unknown) => (name === "peerConnection" && typeof held === "object" ? undefined : held)));
}

declare global {
  var call: typeof page;
}
globalThis.call = page;
