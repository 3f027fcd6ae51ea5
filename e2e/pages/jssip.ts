/** A page with a phone made of JsSIP, driven from outside. */

import JsSIP from "jssip";

type Agent = InstanceType<typeof JsSIP.UA>;
type RTCSession = ReturnType<Agent["call"]>;

const told: string[] = [];
const sockets: WebSocket[] = [];
let agent: Agent | undefined;
let session: RTCSession | undefined;

const OpenedSocket = WebSocket;
// The test cuts what is open.
window.WebSocket = class extends OpenedSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    sockets.push(this);
  }
};

function watch(next: RTCSession): void {
  session = next;
  for (const name of ["progress", "accepted", "confirmed", "ended", "failed", "newInfo", "reinvite", "hold"] as const) {
    next.on(name as "ended", (event: { cause?: string; response?: { status_code: number } }) => {
      told.push([name, event?.response?.status_code, event?.cause].filter(Boolean).join(" "));
    });
  }
}

const driven = {
  start(url: string, user: string, password: string, extra: Record<string, unknown> = {}): void {
    const configuration = { sockets: [new JsSIP.WebSocketInterface(url)], uri: `sip:${user}@localhost`, password, register_expires: 60, connection_recovery_min_interval: 1, ...extra };
    agent = new JsSIP.UA(configuration);
    for (const name of ["registered", "unregistered", "registrationFailed", "disconnected"] as const) {
      agent.on(name as "registrationFailed", (event: { cause?: string } | undefined) => void told.push([name, event?.cause].filter(Boolean).join(" ")));
    }
    agent.on("newRTCSession", ({ session: next, originator }: { session: RTCSession; originator: string }) => {
      told.push(`session ${originator}`);
      watch(next);
    });
    agent.start();
  },

  call(user: string): void {
    agent?.call(`sip:${user}@localhost`, { mediaConstraints: { audio: true, video: false } });
  },

  answer: () => session?.answer({ mediaConstraints: { audio: true, video: false } }),
  /** Says something before the answer, as a server that plays an announcement: 183 with an answer to the offer. */
  async announce(): Promise<void> {
    const { _request: request } = session as unknown as { _request: { body: string; reply(status: number, phrase: null, headers: string[], body: string): void } };
    const connection = new RTCPeerConnection();
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of stream.getTracks()) connection.addTrack(track, stream);
    await connection.setRemoteDescription({ type: "offer", sdp: request.body });
    const gathered = new Promise((resolve) => (connection.onicegatheringstatechange = () => connection.iceGatheringState === "complete" && resolve(undefined)));
    await connection.setLocalDescription();
    await gathered;
    const contact = (agent as unknown as { contact: object }).contact.toString();
    request.reply(183, null, [`Contact: ${contact}`, "Content-Type: application/sdp"], connection.localDescription!.sdp);
  },
  hangUp: () => session?.terminate(),
  /** Resolves once the other side agreed. */
  hold: () => new Promise<void>((resolve, reject) => session?.hold(undefined, resolve) || reject(new Error("it cannot be held"))),
  info: () => session?.sendInfo("text/plain", "hello"),
  stop: () => agent?.stop(),
  /** As a network that goes away, without a word to the library. */
  cut: () => sockets.at(-1)?.close(),
  told: () => told,
  uuid: () => (session as unknown as { _request: { getHeader(name: string): string | undefined } })._request.getHeader("X-CallUUID"),

  /** Whether sound arrives. */
  async packetsReceived(): Promise<number> {
    const report = await session?.connection.getStats();
    const inbound = [...(report?.values() ?? [])].filter((stats) => stats.type === "inbound-rtp");
    return inbound.reduce((sum, stats) => sum + (stats.packetsReceived as number), 0);
  },
};

declare global {
  var phone: typeof driven;
}
globalThis.phone = driven;
