/** The call page: every tab with the same room calls every other, and Sidetone measures it. */

import type { Sidetone as Client } from "../../sdk/src/index.ts";
import { canTransform, capped, CAPS, Harmer } from "./harm.ts";
import { NoMedia, open } from "./media.ts";
import { nameOf } from "./names.ts";
import { Panel } from "./panel.ts";
import { type Message, Signalling } from "./signalling.ts";

declare const Sidetone: typeof Client | undefined;

const element = <Kind extends HTMLElement>(id: string) => document.getElementById(id) as Kind;
const given = new URLSearchParams(location.hash.slice(1));
const room = given.get("room") || "demo";

/** One other tab. */
interface Other {
  readonly peerConnection: RTCPeerConnection;
  readonly video: HTMLVideoElement;
  /** Gives way when both offer at once (perfect negotiation). */
  readonly isPolite: boolean;
  isOffering: boolean;
}

class Call {
  readonly #others = new Map<string, Other>();
  readonly #harmer = new Harmer();
  readonly #panel = new Panel();
  readonly #signalling: Signalling;
  readonly #client: Client;
  #harm = { drop: 0, delayMs: 0 };
  #cap: number | undefined;

  constructor(
    private readonly media: MediaStream,
    secret: string,
  ) {
    this.#signalling = new Signalling(room, (from, message) => void this.#hear(from, message));
    const user = given.get("user") || nameOf(this.#signalling.id);
    element("me").textContent = user;
    this.#client = new Sidetone!({ secret, conferenceId: room, userId: user, uploadIntervalMs: 2000 });
    this.#client.on("tick", (tick) => this.#panel.tick(tick));
    this.#client.on("issue", (issue) => this.#panel.raise(issue));
    this.#client.on("issueEscalated", (issue) => this.#panel.raise(issue));
    this.#client.on("issueCleared", (issue) => this.#panel.clear(issue));
    this.#client.on("upload", ({ conference }) => {
      const link = element<HTMLAnchorElement>("page");
      link.href = `/conferences/${conference}`;
      link.hidden = false;
    });
    this.#client.on("error", ({ message }) => tell(message));
    element<HTMLVideoElement>("own").srcObject = media;
    this.#signalling.send({ type: "hello" });
  }

  mute(isMuted: boolean): void {
    for (const track of this.media.getAudioTracks()) track.enabled = !isMuted;
    this.#signalling.send({ type: "mute", isMuted });
  }

  unplug(): void {
    for (const track of this.media.getVideoTracks()) track.stop();
  }

  busy(isBusy: boolean): void {
    this.#harmer.load(isBusy);
  }

  harm(harm: Partial<{ drop: number; delayMs: number }>): void {
    this.#harm = { ...this.#harm, ...harm };
    this.#harmer.set(this.#harm);
  }

  cap(bitsPerSecond: number | undefined): void {
    this.#cap = bitsPerSecond;
    for (const [id, other] of this.#others) {
      // An answer that is awaited is held to it as well.
      if (!other.isOffering && other.peerConnection.signalingState === "stable") void this.#offer(id, other);
    }
  }

  async leave(): Promise<void> {
    this.#signalling.close();
    this.#harmer.end();
    await this.#client.stop();
    for (const { peerConnection } of this.#others.values()) peerConnection.close();
    for (const track of this.media.getTracks()) track.stop();
  }

  async #hear(from: string, message: Message): Promise<void> {
    if (message.type === "bye") return this.#forget(from);
    // Who was here before calls who comes.
    const other = this.#others.get(from) ?? this.#meet(from, message.type !== "hello");
    const { peerConnection } = other;
    if (message.type === "description") {
      const { description } = message;
      const collides = description.type === "offer" && (other.isOffering || peerConnection.signalingState !== "stable");
      if (collides && !other.isPolite) return;
      await peerConnection.setRemoteDescription(capped(description, this.#cap));
      if (description.type === "offer") {
        await peerConnection.setLocalDescription();
        this.#signalling.send({ type: "description", description: peerConnection.localDescription!.toJSON() }, from);
      }
    } else if (message.type === "candidate") {
      await peerConnection.addIceCandidate(message.candidate ?? undefined).catch(() => undefined);
    } else if (message.type === "mute") {
      // Only the app can know that the silence of the other side is meant.
      this.#client.event(message.isMuted ? "muted" : "unmuted", { kind: "audio", direction: "inbound" }, peerConnection);
    }
  }

  #meet(id: string, isPolite: boolean): Other {
    const peerConnection = new RTCPeerConnection();
    const video = Object.assign(document.createElement("video"), { autoplay: true, playsInline: true });
    video.setAttribute("aria-label", `Picture of ${nameOf(id)}`);
    const other: Other = { peerConnection, video, isPolite, isOffering: false };
    this.#others.set(id, other);
    this.#client.observe(peerConnection, { label: nameOf(id), id });
    peerConnection.onicecandidate = ({ candidate }) => this.#signalling.send({ type: "candidate", candidate: candidate?.toJSON() ?? null }, id);
    peerConnection.onnegotiationneeded = () => void this.#offer(id, other);
    peerConnection.ontrack = ({ streams }) => (video.srcObject = streams[0] ?? null);
    peerConnection.onconnectionstatechange = () => {
      if (peerConnection.connectionState === "failed") this.#forget(id);
    };
    for (const track of this.media.getTracks()) this.#harmer.watch(peerConnection.addTrack(track, this.media));
    if (this.media.getAudioTracks().some(({ enabled }) => !enabled)) this.#signalling.send({ type: "mute", isMuted: true }, id);
    element("others").append(video);
    element("waiting").hidden = true;
    return other;
  }

  async #offer(id: string, other: Other): Promise<void> {
    const { peerConnection } = other;
    other.isOffering = true;
    try {
      await peerConnection.setLocalDescription();
      this.#signalling.send({ type: "description", description: peerConnection.localDescription!.toJSON() }, id);
    } finally {
      other.isOffering = false;
    }
  }

  #forget(id: string): void {
    const other = this.#others.get(id);
    if (!other) return;
    this.#others.delete(id);
    other.peerConnection.close();
    other.video.remove();
    this.#panel.forget(id);
    element("waiting").hidden = this.#others.size > 0;
  }
}

function tell(message: string): void {
  const trouble = element("trouble");
  trouble.textContent = message;
  trouble.hidden = false;
  element("start").hidden = false;
}

function openSecondTab(): void {
  window.open(location.href, "_blank");
}

let call: Call | undefined;

async function join(): Promise<void> {
  const button = element<HTMLButtonElement>("join");
  element("trouble").hidden = true;
  const secret = given.get("secret");
  if (!secret) return tell("This address has no secret in it. Start `sidetone demo` and open the call page that it prints.");
  if (typeof Sidetone === "undefined") return tell("Sidetone's script could not be loaded. Is the server still running?");
  if (typeof RTCPeerConnection === "undefined") return tell("This browser has no WebRTC. Use a current Chrome, Edge, Firefox or Safari.");
  button.disabled = true;
  try {
    call = new Call(await open(element<HTMLInputElement>("made-up").checked), secret);
    element("start").hidden = true;
    element("pictures").hidden = false;
    element("harm").hidden = false;
    element("panel").hidden = false;
  } catch (error) {
    tell(error instanceof NoMedia ? error.message : `The call cannot begin: ${String(error)}`);
  } finally {
    button.disabled = false;
  }
}

async function leave(): Promise<void> {
  await call?.leave();
  // Back to the beginning, not into the call again.
  given.delete("join");
  history.replaceState(null, "", `#${given.toString()}`);
  location.reload();
}

function onChange(id: string, act: (input: HTMLInputElement) => void): void {
  const input = element<HTMLInputElement>(id);
  input.addEventListener("input", () => act(input));
}

element("room").textContent = room;
element("join").addEventListener("click", () => void join());
element("second").addEventListener("click", openSecondTab);
element("invite").addEventListener("click", openSecondTab);
element("leave").addEventListener("click", () => void leave());
onChange("mute", ({ checked }) => call?.mute(checked));
onChange("unplug", (input) => {
  call?.unplug();
  // A track that was stopped does not come back.
  input.disabled = true;
});
onChange("busy", ({ checked }) => call?.busy(checked));
onChange("drop", ({ value }) => {
  element("drop-value").textContent = `${value} %`;
  call?.harm({ drop: Number(value) / 100 });
});
onChange("delay", ({ value }) => {
  element("delay-value").textContent = `${value} ms`;
  call?.harm({ delayMs: Number(value) });
});
onChange("cap", ({ value }) => {
  const cap = CAPS[Number(value)];
  element("cap-value").textContent = cap === undefined ? "as it comes" : `${cap / 1000} kbit/s`;
  call?.cap(cap);
});
if (!canTransform) {
  element("no-transform").hidden = false;
  for (const id of ["drop", "delay"]) element<HTMLInputElement>(id).disabled = true;
}
if (given.has("join")) {
  element<HTMLInputElement>("made-up").checked = given.get("join") === "made-up";
  void join();
}
