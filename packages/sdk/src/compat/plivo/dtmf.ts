/** Sends the keys: as Plivo's `inband` and `outband`, but so that they arrive. */

import { within } from "../../within.ts";
import type { Call } from "../../phone/api.ts";
import { dtmfHertz } from "../../phone/media/tones.ts";

const DURATION_MS = 100;
/** How much longer a browser may take to begin with the sound: one that waits for a click does not begin. */
const PATIENCE_MS = 2000;
/** Both tones at once stay well below full scale, and above what the encoder may take for noise. */
const GAIN = 0.25;

/** One key, as a character; nothing for what is none. */
export function keyOf(digit: unknown): string | undefined {
  const text = typeof digit === "number" || typeof digit === "string" ? String(digit) : "";
  return /^[0-9*#]$/.test(text) ? text : undefined;
}

/**
 * Out of band: SIP INFO. In band: in the RTP stream by RFC 4733, else, where the far side knows no `telephone-event`, as sound mixed into what is sent.
 */
export async function sendKey(call: Call, key: string, { inband, outband }: { readonly inband: boolean; readonly outband: boolean }): Promise<void> {
  const sender = call.peerConnection?.getSenders().find(({ track }) => track?.kind === "audio");
  const canRtp = sender?.dtmf?.canInsertDTMF === true;
  const mixed = inband && !canRtp && sender ? mix(sender, key) : undefined;
  const by = inband && canRtp ? (outband ? "both" : "rtp") : outband ? "info" : undefined;
  if (by) await call.sendDtmf(key, { by, durationMs: DURATION_MS });
  await mixed;
}

/** Adds the two tones to the microphone for a moment. */
async function mix(sender: RTCRtpSender, key: string): Promise<void> {
  const { track } = sender;
  const hertz = dtmfHertz(key);
  if (!track || !hertz) return;
  const context = new AudioContext();
  const output = context.createMediaStreamDestination();
  context.createMediaStreamSource(new MediaStream([track])).connect(output);
  const gain = new GainNode(context, { gain: GAIN });
  gain.connect(output);
  const oscillators = hertz.map((frequency) => new OscillatorNode(context, { frequency }));
  for (const oscillator of oscillators) oscillator.connect(gain);
  try {
    await sender.replaceTrack(output.stream.getAudioTracks()[0] ?? null);
    // By the clock of the sound, which begins when the browser is ready for it.
    const ended = new Promise((resolve) => oscillators[0]!.addEventListener("ended", resolve));
    for (const oscillator of oscillators) {
      oscillator.start();
      oscillator.stop(context.currentTime + DURATION_MS / 1000);
    }
    await within(DURATION_MS + PATIENCE_MS, ended);
  } finally {
    // Another microphone may have come meanwhile: then that one stays.
    if (sender.track === output.stream.getAudioTracks()[0]) await sender.replaceTrack(track).catch(() => undefined);
    await context.close();
  }
}
