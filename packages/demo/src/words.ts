/** What series and rules mean to the person who talks. */

/** A value of the panel: from which metrics, and how it is written. The first metric that is there counts. */
export interface Tile {
  readonly name: string;
  readonly metrics: readonly string[];
  readonly write: (value: number) => string;
}

const decimals = (value: number, digits: number) => value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
const rate = (bps: number) => (bps >= 1e6 ? `${decimals(bps / 1e6, 1)} Mbit/s` : `${decimals(bps / 1e3, 0)} kbit/s`);
const share = (ratio: number) => `${decimals(ratio * 100, ratio > 0 && ratio < 0.1 ? 1 : 0)} %`;

export const TILES: readonly Tile[] = [
  { name: "Round trip", metrics: ["rtt_ms"], write: (ms) => `${decimals(ms, ms < 10 ? 1 : 0)} ms` },
  { name: "Loss", metrics: ["loss_ratio"], write: share },
  { name: "Jitter", metrics: ["jitter_ms"], write: (ms) => `${decimals(ms, 1)} ms` },
  { name: "Concealed", metrics: ["audible_concealment_ratio"], write: share },
  { name: "Received", metrics: ["receive_bitrate_bps"], write: rate },
  { name: "Sent", metrics: ["send_bitrate_bps"], write: rate },
  { name: "Frames", metrics: ["decoded_frame_rate_fps"], write: (fps) => `${decimals(fps, 0)} /s` },
  { name: "Picture", metrics: ["height_px"], write: (height) => `${decimals(height, 0)} lines` },
];

const ISSUES: Readonly<Record<string, string>> = {
  high_rtt: "Answers take long to arrive",
  high_jitter: "Packets arrive unevenly",
  high_loss: "Packets are lost",
  bursty_loss: "Packets are lost in bursts",
  audible_concealment: "Sound is missing and made up",
  low_mos: "The sound is poor",
  high_media_latency: "The conversation lags",
  video_freeze: "The picture stands still",
  no_inbound_audio: "Nothing is heard from the other side",
  no_inbound_video: "No picture comes from the other side",
  silent_inbound_audio: "Only silence comes from the other side",
  dead_microphone: "Your microphone gives no sound",
  loud_microphone: "Your microphone is far too loud",
  quiet_microphone: "Your microphone is too quiet",
  speaking_while_muted: "You speak, but you are muted",
  starved_playout: "Your computer cannot play the sound in time",
  ice_disconnected: "The connection is interrupted",
  ice_failed: "The connection is lost",
  dtls_failed: "The connection could not be secured",
  ice_restart: "A new way for the call is looked for",
  slow_gathering: "It took long to find out how this computer is reached",
  slow_connecting: "It took long to connect",
  slow_first_media: "The first sound or picture came late",
  missing_stream: "Something that was sent arrives no more",
  clock_drift: "A clock runs too fast or too slow",
  network_change: "This computer is on another network",
  candidate_pair_change: "The call moved to another network path",
  relayed_over_tcp: "The call goes through a relay by TCP",
  av_skew: "Picture and sound are apart",
  low_frame_rate: "The picture stutters",
  cpu_limited: "Your computer is too busy for a better picture",
  decoder_fallback: "Your computer decodes the picture by software",
  encoder_fallback: "Your computer encodes the picture by software",
  bandwidth_limited: "The network is too slow for a better picture",
};

/** The rule in words. */
export const issueWords = (rule: string): string => ISSUES[rule] ?? rule.replaceAll("_", " ");

export interface Grade {
  readonly name: "good" | "fair" | "poor" | "bad" | "none";
  readonly words: string;
}

/** A score of 1 to 5 in words, with the bounds of the dashboard: for the score as it is shown, with one digit after the point. */
export function grade(score: number | undefined): Grade {
  if (score === undefined) return { name: "none", words: "nothing to judge yet" };
  if (score >= 3.95) return { name: "good", words: "good" };
  if (score >= 3.55) return { name: "fair", words: "fair" };
  if (score >= 3.05) return { name: "poor", words: "poor" };
  return { name: "bad", words: "bad" };
}
