/** The pre-call test: a call with oneself through a TURN server, measured with data channels. */

import { type TestResults, type Sample, condition, median } from "./network.ts";

/** How long a test may take to connect. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Round trips: this many, so far apart, unreliable so that loss shows. */
const PINGS = 50;
const PING_INTERVAL_MS = 40;
const PING_PATIENCE_MS = 1000;

/** Throughput: as much as goes through in this time. */
const THROUGHPUT_MS = 2000;
const MESSAGE_BYTES = 16 * 1024;
const BUFFERED_BYTES_MAX = 256 * 1024;

/** Ends a test early. */
export class Stopped extends Error {}

/** Tests the path through `iceServers`. Never rejects: what could not be measured is `null`. */
export async function test(iceServers: readonly RTCIceServer[], provider: string, signal: AbortSignal): Promise<TestResults> {
  const startTimestamp = Date.now();
  const id = globalThis.crypto?.randomUUID?.() ?? `${startTimestamp}-${Math.random()}`;
  const near = new RTCPeerConnection({ iceServers: [...iceServers], iceTransportPolicy: "relay" });
  const far = new RTCPeerConnection({ iceServers: [...iceServers], iceTransportPolicy: "relay" });
  let status: TestResults["status"] = "failed";
  let sample: Sample = { rtt: null, jitter: null, fractionalLoss: null, throughput: null, bytesSent: 0 };
  try {
    const pings = near.createDataChannel("ping", { ordered: false, maxRetransmits: 0 });
    const bulk = near.createDataChannel("bulk");
    await connect(near, far, [pings, bulk], signal);
    const trips = await measureTrips(pings, signal);
    const { bitsPerSecond, bytesSent } = await measureThroughput(bulk, signal);
    const mean = trips.length > 0 ? trips.reduce((sum, trip) => sum + trip, 0) / trips.length : 0;
    sample = {
      rtt: median(trips),
      jitter: trips.length > 1 ? Math.sqrt(trips.reduce((sum, trip) => sum + (trip - mean) ** 2, 0) / trips.length) : null,
      fractionalLoss: 1 - trips.length / PINGS,
      throughput: bitsPerSecond / 1000,
      bytesSent,
    };
    status = "success";
  } catch (error) {
    status = error instanceof Stopped ? "stopped" : "failed";
  } finally {
    near.close();
    far.close();
  }
  return { id, status, provider, mediaConnectivity: status === "success", startTimestamp, endTimestamp: Date.now(), timestamp: Date.now(), ...sample, ...condition(sample) };
}

/** A promise that is rejected when the test is stopped or takes too long. */
function within<Value>(ms: number, signal: AbortSignal, run: (resolve: (value: Value) => void) => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = () => settle(() => reject(new Stopped()));
    const timer = setTimeout(() => settle(() => reject(new Error(`nothing happened within ${ms} ms`))), ms);
    const settle = (end: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      end();
    };
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    else run((value) => settle(() => resolve(value)));
  });
}

async function connect(near: RTCPeerConnection, far: RTCPeerConnection, channels: readonly RTCDataChannel[], signal: AbortSignal): Promise<void> {
  const exchange = (from: RTCPeerConnection, to: RTCPeerConnection) => {
    from.onicecandidate = ({ candidate }) => void (candidate && to.addIceCandidate(candidate).catch(() => undefined));
  };
  exchange(near, far);
  exchange(far, near);
  far.ondatachannel = ({ channel }) => {
    channel.binaryType = "arraybuffer";
    // What comes on the ping channel goes back; what comes on the other is counted at its end.
    let received = 0;
    channel.onmessage = ({ data }) => {
      if (channel.label === "ping") channel.send(data);
      else if (typeof data === "string") channel.send(String(received));
      else received += (data as ArrayBuffer).byteLength;
    };
  };
  await near.setLocalDescription(await near.createOffer());
  await far.setRemoteDescription(near.localDescription!);
  await far.setLocalDescription(await far.createAnswer());
  await near.setRemoteDescription(far.localDescription!);
  await within<void>(CONNECT_TIMEOUT_MS, signal, (resolve) => {
    let open = 0;
    for (const channel of channels) channel.onopen = () => void ((open += 1) === channels.length && resolve());
  });
}

/** The round trips that came back, in ms. */
async function measureTrips(channel: RTCDataChannel, signal: AbortSignal): Promise<number[]> {
  const sent: number[] = [];
  const trips: number[] = [];
  await within<void>(PINGS * PING_INTERVAL_MS + 2 * PING_PATIENCE_MS, signal, (resolve) => {
    channel.onmessage = ({ data }) => {
      const at = sent[Number(data)];
      if (at !== undefined) trips.push(performance.now() - at);
      if (trips.length === PINGS) resolve();
    };
    const timer = setInterval(() => {
      if (signal.aborted || channel.readyState !== "open") return clearInterval(timer);
      if (sent.length === PINGS) {
        clearInterval(timer);
        setTimeout(resolve, PING_PATIENCE_MS);
        return;
      }
      sent.push(performance.now());
      channel.send(String(sent.length - 1));
    }, PING_INTERVAL_MS);
  });
  return trips;
}

/** What arrived at the far end in the time. */
async function measureThroughput(channel: RTCDataChannel, signal: AbortSignal): Promise<{ bitsPerSecond: number; bytesSent: number }> {
  const message = new Uint8Array(MESSAGE_BYTES);
  const began = performance.now();
  let bytesSent = 0;
  channel.bufferedAmountLowThreshold = BUFFERED_BYTES_MAX / 2;
  return within(THROUGHPUT_MS + CONNECT_TIMEOUT_MS, signal, (resolve) => {
    channel.onmessage = ({ data }) => {
      const seconds = (performance.now() - began) / 1000;
      resolve({ bitsPerSecond: (Number(data) * 8) / seconds, bytesSent });
    };
    const fill = () => {
      if (signal.aborted || channel.readyState !== "open") return;
      if (performance.now() - began >= THROUGHPUT_MS) {
        channel.onbufferedamountlow = null;
        channel.send("end");
        return;
      }
      while (channel.bufferedAmount < BUFFERED_BYTES_MAX) {
        channel.send(message);
        bytesSent += MESSAGE_BYTES;
      }
    };
    channel.onbufferedamountlow = fill;
    fill();
  });
}
