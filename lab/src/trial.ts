/** Trials: calls with one known fault, or none. Which there are, what is drawn for each, and on which side of the split it falls. */

import type { Impairment } from "./condition.ts";
import { fnv1a, type Random, seeded } from "./random.ts";

/** Who is in a trial. In those of two, `a` calls `b`; in those of three each calls the ones after it. */
export const PARTIES = ["a", "b", "c"] as const;
export type Party = (typeof PARTIES)[number];

/** What is done to a call. `whose` in {@link Trial} says at which end. */
export const FAULTS = [
  // No fault at all: whatever is told here is a false alarm.
  "clean", "long_silence", "dtx", "muted", "held", "turn_udp",
  // Devices and machines.
  "unplugged_microphone", "silent_microphone", "quiet_microphone", "clipped_microphone", "frozen_camera", "busy",
  // The network between the two: `whose` sends what suffers.
  "one_way_audio", "one_way_video", "loss", "bursty_loss", "jitter", "narrow", "bloated", "delay", "outage", "turn_tcp", "ice_restart",
  "network_change",
  // Three parties: all that `whose` sends, or all that it receives.
  "uplink_loss", "downlink_loss", "uplink_jitter", "downlink_jitter",
  // Devices and machines again: a converter that hums alone, a sound card whose clock is wrong, speech into a muted microphone, large pictures
  // on a narrow line, and on a machine that cannot encode them.
  "dead_microphone", "drifting_microphone", "speaking_while_muted", "narrow_large", "busy_large",
  // The network again: jitter that changes the order, both ways held up and let go at once, sound alone late, another kind of network.
  "reordered", "stalled", "late_sound", "network_type",
  // What `whose` shows is withdrawn: its pictures are announced no more and come no more, as when a media server drops a stream.
  "dropped_stream",
  // Each for one kind of issue that no other fault asks for: loss that nothing can hide, holes that leave most seconds whole, a way as over a
  // satellite, a camera in the dark, a switch on the headset, a machine that does hardly anything else, an app that restarts ICE after a break.
  "heavy_loss", "patchy_loss", "far_apart", "slow_camera", "headset_switch", "overloaded", "rescued",
  // From before the call on: it comes late, or never.
  "slow_gathering", "slow_connecting", "late_media", "one_way_audio_from_start", "one_way_video_from_start", "ice_blocked", "dtls_blocked", "wrong_fingerprint",
  "denied_microphone", "no_microphone", "wrong_answer", "never_answered",
] as const;
export type Fault = (typeof FAULTS)[number];

export interface Trial {
  readonly id: string;
  readonly seed: number;
  readonly fault: Fault;
  /** At whose end. */
  readonly whose: Party;
  readonly parties: 2 | 3;
  /** Seconds after all were connected: begin and end of the fault, and of the trial. */
  readonly from_s: number;
  readonly until_s: number;
  readonly end_s: number;
  /** On the way of what suffers, or both ways where the fault has no direction. */
  readonly impairment: Impairment;
  /** Gain of the microphone, dB; where the fault is one of level. */
  readonly gain_db?: number;
  /** Share of the time in which the machine stands still. */
  readonly stopped_share?: number;
  /** How far the clock of its sound card is off, millionths. */
  readonly drift_ppm?: number;
  /** How many times wider and higher its pictures are than those of other trials. */
  readonly scale?: number;
  readonly part: "tuning" | "held_out";
}

/** Faults that are there before the call is: its trial begins when both have come, and waits for no connection. */
export const FROM_THE_START: ReadonlySet<Fault> = new Set([
  "slow_gathering", "slow_connecting", "late_media", "one_way_audio_from_start", "one_way_video_from_start", "ice_blocked", "dtls_blocked",
  "wrong_fingerprint", "denied_microphone", "no_microphone",
  "wrong_answer", "never_answered",
]);

/** Trials of these seeds may be looked at when a rule is changed; all others are held out. Strengths are drawn anew for each. */
const TUNING_SEEDS = [21, 22, 23, 26, 27, 30];

/** Before the fault: time to settle, and the half minute that a diagnosis compares with. */
const BEFORE_S = [15, 19] as const;
const WHOLE_S = 42;
/** After it, so that what is told late is still heard. */
const AFTER_S = 8;

interface Draw {
  /** Seconds that the fault lasts; absent: the whole call. */
  readonly lasts_s?: number;
  /** Seconds of a call that the fault lasts all of; absent: 42. */
  readonly whole_s?: number;
  readonly parties?: 3;
  draw?(random: Random): Pick<Trial, "gain_db" | "stopped_share" | "drift_ppm" | "scale"> & { impairment?: Impairment; lasts_s?: number };
}

const whole: Draw = {};

const DRAWS: Readonly<Record<Fault, Draw>> = {
  clean: whole,
  long_silence: whole,
  dtx: whole,
  turn_udp: whole,
  muted: { lasts_s: 14 },
  held: { lasts_s: 10 },
  unplugged_microphone: { lasts_s: 16 },
  silent_microphone: { lasts_s: 16 },
  quiet_microphone: { draw: (random) => ({ gain_db: -between(random, 22, 28) }) },
  clipped_microphone: { lasts_s: 16, draw: (random) => ({ gain_db: between(random, 26, 34) }) },
  frozen_camera: { lasts_s: 12 },
  busy: { lasts_s: 14, draw: (random) => ({ stopped_share: between(random, 75, 90) / 100 }) },
  one_way_audio: { lasts_s: 12 },
  one_way_video: { lasts_s: 12 },
  loss: { lasts_s: 14, draw: (random) => ({ impairment: { loss_percent: between(random, 3, 25) } }) },
  bursty_loss: {
    lasts_s: 14,
    draw: (random) => ({ impairment: { loss_percent: between(random, 5, 20), burst_packets: between(random, 3, 8) } }),
  },
  jitter: { lasts_s: 14, draw: (random) => ({ impairment: { jitter_ms: between(random, 60, 150) } }) },
  narrow: { lasts_s: 16, draw: (random) => ({ impairment: { rate_kbps: between(random, 70, 200), queue_ms: 200 } }) },
  bloated: { lasts_s: 16, draw: (random) => ({ impairment: { rate_kbps: between(random, 90, 220), queue_ms: between(random, 1000, 2500) } }) },
  delay: { lasts_s: 14, draw: (random) => ({ impairment: { delay_ms: between(random, 150, 400) } }) },
  outage: { lasts_s: 9 },
  turn_tcp: { lasts_s: 14, draw: (random) => ({ impairment: { stall_every_ms: between(random, 900, 1500), stall_ms: between(random, 300, 600) } }) },
  ice_restart: { lasts_s: 4 },
  network_change: { lasts_s: 4 },
  uplink_loss: { parties: 3, lasts_s: 14, draw: (random) => ({ impairment: { loss_percent: between(random, 5, 20) } }) },
  downlink_loss: { parties: 3, lasts_s: 14, draw: (random) => ({ impairment: { loss_percent: between(random, 5, 20) } }) },
  uplink_jitter: { parties: 3, lasts_s: 14, draw: (random) => ({ impairment: { jitter_ms: between(random, 60, 150) } }) },
  downlink_jitter: { parties: 3, lasts_s: 14, draw: (random) => ({ impairment: { jitter_ms: between(random, 60, 150) } }) },
  dead_microphone: { lasts_s: 14 },
  // A drift is what two minutes that follow one another both have.
  drifting_microphone: { whole_s: 150, draw: (random) => ({ drift_ppm: between(random, 1000, 4000) }) },
  speaking_while_muted: { lasts_s: 16 },
  narrow_large: {
    lasts_s: 24,
    draw: (random) => ({ scale: 2, impairment: { rate_kbps: between(random, 120, 250), queue_ms: 200 } }),
  },
  busy_large: { lasts_s: 32, draw: (random) => ({ scale: 4, stopped_share: between(random, 65, 80) / 100 }) },
  reordered: { lasts_s: 14, draw: (random) => ({ impairment: { jitter_ms: between(random, 60, 150), reorder: 1 } }) },
  stalled: { draw: (random) => ({ lasts_s: between(random, 4, 6) }) },
  late_sound: { lasts_s: 16, draw: (random) => ({ impairment: { delay_ms: between(random, 300, 700) } }) },
  network_type: { lasts_s: 4 },
  dropped_stream: { lasts_s: 12 },
  heavy_loss: { lasts_s: 14, draw: (random) => ({ impairment: { loss_percent: between(random, 25, 40) } }) },
  patchy_loss: {
    lasts_s: 18,
    draw: (random) => ({ impairment: { outage_every_ms: between(random, 3000, 4500), outage_ms: between(random, 240, 320) } }),
  },
  far_apart: { lasts_s: 14, draw: (random) => ({ impairment: { delay_ms: between(random, 250, 450) } }) },
  slow_camera: { lasts_s: 16 },
  headset_switch: { lasts_s: 18 },
  overloaded: { lasts_s: 14, draw: (random) => ({ stopped_share: between(random, 85, 93) / 100 }) },
  rescued: { draw: (random) => ({ lasts_s: between(random, 7, 9) }) },
  // Chromium gives such a server up after some forty seconds.
  slow_gathering: { whole_s: 50 },
  slow_connecting: { draw: (random) => ({ lasts_s: between(random, 4, 8) }) },
  one_way_audio_from_start: { lasts_s: 16 },
  one_way_video_from_start: { lasts_s: 16 },
  late_media: { draw: (random) => ({ lasts_s: between(random, 4, 7) }) },
  ice_blocked: { whole_s: 32 },
  dtls_blocked: { whole_s: 25 },
  wrong_fingerprint: { whole_s: 14 },
  denied_microphone: { whole_s: 8 },
  no_microphone: { whole_s: 8 },
  wrong_answer: { whole_s: 14 },
  never_answered: { whole_s: 20 },
};

/** Rounds of one trial of each fault, the same for the same seed; every second one has the fault at the other end. */
export function trials(seed: number, rounds: number): Trial[] {
  return Array.from({ length: rounds }, (_, round) => FAULTS.map((fault) => trial(seed, fault, round))).flat();
}

function trial(seed: number, fault: Fault, round: number): Trial {
  const own = fnv1a(`${seed} ${fault} ${round}`);
  const random = seeded(own);
  const { whole_s = WHOLE_S, parties = 2, draw } = DRAWS[fault];
  const began = BEFORE_S[0] + (BEFORE_S[1] - BEFORE_S[0]) * random();
  const { lasts_s = DRAWS[fault].lasts_s, impairment = {}, ...drawn } = draw?.(random) ?? {};
  const from_s = lasts_s === undefined || FROM_THE_START.has(fault) ? 0 : Math.round(10 * began) / 10;
  const until_s = lasts_s === undefined ? whole_s : from_s + lasts_s;
  const end_s = lasts_s === undefined ? until_s : until_s + AFTER_S;
  const whose = PARTIES[round % parties]!;
  const part = TUNING_SEEDS.includes(seed) ? "tuning" : "held_out";
  return { id: `${fault}-${seed}-${round}`, seed: own, fault, whose, parties, from_s, until_s, end_s, impairment, ...drawn, part };
}

function between(random: Random, least: number, most: number): number {
  return Math.round(least + (most - least) * random());
}
