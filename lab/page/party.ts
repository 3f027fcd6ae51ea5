/** The page of one who is in a trial: a microphone, a camera, a connection to each other one, and Sidetone's script that observes them. */

import type { Options } from "../../packages/sdk/src/api.ts";
import { Camera, Eye, type Sight } from "./camera.ts";
import { Microphone, type Turn } from "./microphone.ts";

/** Sidetone's script, as a page loads it. */
declare class Sidetone {
  constructor(options: Options);
  observe(peer: RTCPeerConnection, options: { id: string }): unknown;
  observeDevices(): unknown;
  event(kind: string, payload: object, peer: RTCPeerConnection): void;
  stop(): Promise<void>;
}

export interface Setting {
  readonly trial: string;
  readonly name: string;
  readonly seed: number;
  readonly turns: readonly Turn[];
  readonly hiss_db: number;
  readonly has_dtx: boolean;
  /** Whether the script listens for speech while the microphone is muted. */
  readonly hears_muted: boolean;
  readonly drift_ppm: number;
  readonly scale: number;
  readonly ice: RTCConfiguration;
}

/** What a party leaves behind: when it filmed what, and when it saw what of whom. */
export interface Account {
  readonly filmed: readonly Sight[];
  readonly seen: Readonly<Record<string, readonly Sight[]>>;
}

/** What a page needs to come to rest once it has started. */
const START_MS = 6000;

let setting: Setting;
let client: Sidetone;
let microphone: Microphone;
let camera: Camera;
const peers = new Map<string, RTCPeerConnection>();
const eyes = new Map<string, Eye>();

async function open(given: Setting): Promise<void> {
  setting = given;
  const { trial, name, seed, turns, hiss_db, drift_ppm, scale, hears_muted } = setting;
  const speech = await (await fetch(`/speech/${trial}/${name}`)).arrayBuffer();
  microphone = await Microphone.open(speech, turns, hiss_db, seed, drift_ppm);
  camera = new Camera(seed, scale);
  // The server of the lab keeps batches by their credentials.
  // What a page does for the first time takes long: it is over when the call begins.
  await new Promise((resolve) => setTimeout(resolve, START_MS));
  client = new Sidetone({ secret: trial, conferenceId: trial, userId: name, participantId: name, uploadIntervalMs: 5000, mutedSpeech: hears_muted });
  client.observeDevices();
}

function meet(other: string): RTCPeerConnection {
  const peer = new RTCPeerConnection(setting.ice);
  peers.set(other, peer);
  client.observe(peer, { id: `${setting.name}-${other}` });
  const stream = new MediaStream([microphone.track, camera.track]);
  peer.ontrack = ({ streams: [received] }) => {
    // After a hold it comes again, in a stream of its own.
    const shown = document.querySelector<HTMLVideoElement>(`#${other}`);
    const video = shown ?? Object.assign(document.createElement("video"), { id: other, autoplay: true, playsInline: true, width: 320, height: 240 });
    if (video.srcObject !== received!) video.srcObject = received!;
    if (shown) return;
    document.body.append(video);
    const keep = (number: number, picture: Blob) => void fetch(`/picture/${setting.trial}/${other}-${setting.name}/${number}`, { method: "POST", body: picture });
    eyes.set(other, new Eye(video, keep));
  };
  for (const track of stream.getTracks()) peer.addTrack(track, stream);
  return peer;
}

/** The description of an offer, with all its candidates. */
async function offer(other: string, restart = false): Promise<string> {
  const peer = peers.get(other) ?? meet(other);
  await peer.setLocalDescription(await peer.createOffer({ iceRestart: restart }));
  return gathered(peer);
}

async function answer(other: string, sdp: string): Promise<string> {
  const peer = peers.get(other) ?? meet(other);
  await peer.setRemoteDescription({ type: "offer", sdp: asked(sdp) });
  await peer.setLocalDescription();
  return gathered(peer);
}

async function accept(other: string, sdp: string): Promise<void> {
  const peer = peers.get(other)!;
  // As an app does that watches over its calls: a browser tells the caller alone.
  const tell = (error: Error) => client.event("set_remote_description_failed", { error: error.name, message: error.message }, peer);
  await peer.setRemoteDescription({ type: "answer", sdp: asked(sdp) }).catch(tell);
}

/** What a description asks of our encoder. */
function asked(sdp: string): string {
  return setting.has_dtx ? sdp.replace(/useinbandfec=1/, "$&;usedtx=1") : sdp;
}

/** Right after an ICE restart the state is still that of the gathering before, and the new description has no candidate yet. */
async function gathered(peer: RTCPeerConnection): Promise<string> {
  while (peer.iceGatheringState !== "complete" || !peer.localDescription!.sdp.includes("a=candidate:")) await new Promise((resolve) => setTimeout(resolve, 20));
  return peer.localDescription!.sdp;
}

const isConnected = () => [...peers.values()].every(({ connectionState }) => connectionState === "connected");

/** Sound waits no longer than this between its arrival and the loudspeaker on a machine that is at rest. */
const BUFFER_MS = 75;
const CALM_MS = 3000;

/** Looks on for three seconds: whether what is received is played soon, and no picture stood still. */
async function isCalm(): Promise<boolean> {
  const before = await played();
  await new Promise((resolve) => setTimeout(resolve, CALM_MS));
  const after = await played();
  return after.every(({ id, delay_s, emitted, frozen_s }) => {
    const then = before.find((stream) => stream.id === id);
    const held_ms = (1000 * (delay_s - (then?.delay_s ?? 0))) / Math.max(1, emitted - (then?.emitted ?? 0));
    return then !== undefined && frozen_s === then.frozen_s && held_ms < BUFFER_MS;
  });
}

/** How long sound was held in all, and how long pictures stood still. */
async function played(): Promise<{ id: string; delay_s: number; emitted: number; frozen_s: number }[]> {
  const reports = await Promise.all([...peers.values()].map((peer) => peer.getStats()));
  return reports.flatMap((report) => [...(report as ReadonlyMap<string, RTCInboundRtpStreamStats>).values()]).flatMap((stats) => {
    if (stats.type !== "inbound-rtp") return [];
    const isSound = stats.kind === "audio";
    const { jitterBufferDelay = 0, jitterBufferEmittedCount = 0 } = isSound ? stats : {};
    return [{ id: `${stats.ssrc}`, delay_s: jitterBufferDelay, emitted: jitterBufferEmittedCount, frozen_s: stats.totalFreezesDuration ?? 0 }];
  });
}

/** What this end does, or has done to it. */
const acts = {
  mute: (is_muted: boolean) => void (microphone.track.enabled = !is_muted),
  /** As the browser does when a device is pulled out. */
  unplug: () => {
    microphone.track.stop();
    microphone.track.dispatchEvent(new Event("ended"));
  },
  gain: (gain_db: number | undefined) => void (microphone.gain_db = gain_db),
  die: () => microphone.die(),
  ask: () => navigator.mediaDevices.getUserMedia({ audio: true }).then(() => undefined, () => undefined),
  film: (every: number) => void (camera.filmsEvery = every),
  hold: (is_held: boolean) => {
    for (const peer of peers.values()) for (const transceiver of peer.getTransceivers()) transceiver.direction = is_held ? "inactive" : "sendrecv";
  },
} as const;
export type Act = keyof typeof acts;

async function act(name: Act, value: unknown): Promise<void> {
  await (acts[name] as (value: unknown) => unknown)(value);
}

/** Ends the stay; what was collected is with the server afterwards. */
async function close(): Promise<Account> {
  await client.stop();
  for (const peer of peers.values()) peer.close();
  return { filmed: camera.filmed, seen: Object.fromEntries([...eyes].map(([other, eye]) => [other, eye.seen])) };
}

export const party = { open, offer, answer, accept, isConnected, isCalm, act, close };
Object.assign(globalThis, { party });
