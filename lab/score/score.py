"""score.py CALLS SPEECH TABLE: scores each segment of the calls in CALLS against what was spoken, and writes a row for each to TABLE.

A row has the condition, the talker, PESQ-WB (ITU-T P.862.2) of what was heard, for one segment of each call ViSQOL (version 3,
speech: it takes a hundred times as long), the growth of the receiver's W3C counters over the same frames, and what tells a call that the machine disturbed: the longest time between readings, how far the audio clock
strayed from the wall clock, how far the microphone did, and how well the envelope of what was heard follows what was said.
"""

import concurrent.futures
import csv
import json
import os
import pathlib
import sys
import warnings

import numpy as np
from pesq import pesq
from scipy.signal import fftconvolve, resample_poly
from visqol import VisqolApi

RATE, CALL_RATE = 16_000, 48_000
SEGMENT = 8 * RATE
ENVELOPE = RATE // 100
LATEST_S = 2.5  # what a path and a buffer may hold

SETTINGS = [
    "codec", "bitrate_kbps", "fec", "loss_percent", "burst_packets", "delay_ms", "jitter_ms", "reorder", "rate_kbps", "queue_ms",
    "stall_every_ms", "stall_ms", "outage_every_ms", "outage_ms",
]
COUNTERS = [
    "packetsReceived", "packetsLost", "packetsDiscarded", "fecPacketsReceived", "fecPacketsDiscarded", "bytesReceived",
    "concealedSamples", "silentConcealedSamples", "concealmentEvents", "insertedSamplesForDeceleration",
    "removedSamplesForAcceleration", "jitterBufferDelay", "jitterBufferEmittedCount", "totalSamplesReceived",
    "totalAudioEnergy", "totalSamplesDuration",
]
COLUMNS = ["set", "call", "segment", "talker", "language", "pesq_wb", "visqol", *SETTINGS, *COUNTERS, "jitter", "rtt",
           "gap_ms", "drift_ms", "source_drift_ms", "alignment"]


def envelope(sound):
    frames = len(sound) // ENVELOPE
    return np.log10(1e-4 + np.sqrt((sound[: frames * ENVELOPE].reshape(frames, ENVELOPE) ** 2).mean(1)))


def align(heard, spoken, earliest, latest):
    """Where in `heard` `spoken` begins, and how well the envelopes agree there, 0..1."""
    window = heard[earliest : latest + len(spoken)]
    pattern = envelope(spoken)
    pattern = pattern - pattern.mean()
    outline = envelope(window)
    ones = np.ones(len(pattern))
    total, square = np.convolve(outline, ones, "valid"), np.convolve(outline**2, ones, "valid")
    spread = np.sqrt(np.maximum(square - total**2 / len(pattern), 1e-9))
    match = fftconvolve(outline, pattern[::-1], "valid") / (np.linalg.norm(pattern) * spread)
    coarse = earliest + int(np.argmax(match)) * ENVELOPE
    low = max(0, coarse - RATE // 10)
    fine = fftconvolve(heard[low : coarse + len(spoken) + RATE // 10], spoken[::-1], "valid")
    return low + int(np.argmax(np.abs(fine))), float(match.max())


def rows(path, speech):
    call = json.loads(path.read_text())
    heard = resample_poly(np.fromfile(path.with_suffix(".pcm"), "<i2") / 32768, RATE, CALL_RATE)
    readings = [reading for reading in call["readings"] if "inbound-rtp" in reading["receiver"]]
    frames = np.array([reading["frame"] for reading in readings])
    times = np.array([reading["time_ms"] for reading in readings])
    source = np.array([reading["sender"].get("media-source", {}).get("totalSamplesDuration", np.nan) for reading in readings])

    def counter(name):
        return np.array([float(reading["receiver"]["inbound-rtp"].get(name, np.nan)) for reading in readings])

    def level(side, kind, name, inside):
        values = [readings[index][side].get(kind, {}).get(name, np.nan) for index in np.flatnonzero(inside)]
        return float(np.nanmean(values)) if len(values) and not np.all(np.isnan(values)) else ""

    visqol = ""
    for index, name in enumerate(call["speech"]):
        spoken = resample_poly(np.fromfile(speech / f"{name}.pcm", "<i2") / 32768, RATE, CALL_RATE)
        earliest = (call["speech_frame"] - call["recording_frame"]) * RATE // CALL_RATE + index * SEGMENT
        if earliest < 0 or earliest + SEGMENT + RATE // 2 > len(heard):
            continue
        latest = min(earliest + int(LATEST_S * RATE), len(heard) - SEGMENT)
        at, alignment = align(heard, spoken, earliest, latest)
        piece = heard[at : at + SEGMENT]
        if len(piece) < SEGMENT:
            continue
        try:
            truth = pesq(RATE, spoken, piece, "wb")
        except Exception as error:  # no utterance found: nothing was heard
            warnings.warn(f"{path} {index}: {error}")
            continue
        begin = call["recording_frame"] + at * CALL_RATE // RATE
        end = begin + SEGMENT * CALL_RATE // RATE
        inside = (frames >= begin) & (frames <= end)
        around = (frames >= begin - CALL_RATE) & (frames <= end + CALL_RATE / 2)
        if inside.sum() < 8:
            continue
        visqol = rounded(second_opinion(spoken, piece)) if visqol == "" else None
        audio_ms = frames[around] * 1000 / CALL_RATE
        talker, language, _ = name.split("-")
        yield {
            "set": path.parent.name, "call": call["id"], "segment": name, "talker": talker, "language": language, "pesq_wb": round(truth, 3), "visqol": visqol,
            **{setting: call["condition"].get(setting, "") for setting in SETTINGS},
            **{name: rounded(np.interp(end, frames, counter(name)) - np.interp(begin, frames, counter(name))) for name in COUNTERS},
            "jitter": rounded(level("receiver", "inbound-rtp", "jitter", inside)),
            "rtt": rounded(level("receiver", "candidate-pair", "currentRoundTripTime", inside)),
            "gap_ms": round(float(np.diff(times[around]).max())), "drift_ms": round(float(np.ptp(times[around] - audio_ms))),
            "source_drift_ms": round(float(np.ptp(source[around] * 1000 - times[around]))), "alignment": round(alignment, 3),
        }


def second_opinion(spoken, heard):
    """ViSQOL's MOS-LQO, by the lattice that its authors recommend for speech."""
    api = VisqolApi()
    api.create(mode="speech", use_lattice_model=True)
    return api.measure_from_arrays(spoken, heard, RATE).moslqo


def rounded(value):
    return value if value == "" or np.isnan(value) else float(f"{value:.6g}")


def score(argument):
    path, speech = argument
    return list(rows(path, speech))


def main(calls, speech, table):
    paths = sorted(pathlib.Path(calls).glob("*.json"))
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        scored = [row for of_call in pool.map(score, [(path, pathlib.Path(speech)) for path in paths]) for row in of_call]
    with open(table, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(scored)
    print(f"{len(paths)} calls, {len(scored)} segments")


if __name__ == "__main__":
    main(*sys.argv[1:])
