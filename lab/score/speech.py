"""speech.py FOLDER: cuts recorded speech of Debian's sound packages into segments of 8 s, FOLDER/talker-language-NN.pcm.

48 kHz, 16 bit, mono; active speech at -26 dBov (ITU-T P.56's usual level, here by frames above a tenth of the loudest);
0.4 s of silence before and at least 0.6 s after, so that delay moves nothing into the next segment.
"""

import glob
import pathlib
import subprocess
import sys

import numpy as np
from scipy.signal import resample_poly

RATE = 16_000
SEGMENT_S, LEAD_S, TAIL_S = 8.0, 0.4, 0.6
SEGMENTS = 8  # of each recording
FRAME = RATE // 50
PAUSE_FRAMES = 22  # longer pauses are shortened to this
LEVEL_DB = -26

# Package asterisk-core-sounds-*-g722: wide-band prompts. The talkers are those that the packages name; Allison speaks two languages.
PROMPTS = {
    "Allison-en": "en_US_f_Allison",
    "Allison-es": "es_MX_f_Allison",
    "June-fr": "fr_CA_f_June",
    "Carlo-it": "it_IT_m_Carlo",
    "IvrvoiceRU-ru": "ru_RU_f_IvrvoiceRU",
}


def decode(path):
    """A prompt as floats at RATE."""
    command = ["ffmpeg", "-v", "error", "-f", "g722", "-i", path, "-ar", str(RATE), "-ac", "1", "-f", "s16le", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, "<i2") / 32768


def levels(sound):
    """Root mean square of each frame."""
    frames = len(sound) // FRAME
    return np.sqrt((sound[: frames * FRAME].reshape(frames, FRAME) ** 2).mean(1))


def without_long_pauses(sound):
    kept, pause = [], 0
    for index, level in enumerate(levels(sound)):
        pause = 0 if level > 0.004 else pause + 1
        if pause <= PAUSE_FRAMES:
            kept.append(sound[index * FRAME : (index + 1) * FRAME])
    return np.concatenate(kept)


def segments(sound):
    """As many segments as asked for, each cut where it is quietest."""
    longest = int((SEGMENT_S - LEAD_S - TAIL_S) * RATE)
    for _ in range(SEGMENTS):
        piece = sound[:longest]
        last = len(levels(piece)) - 60
        cut = (last + int(np.argmin(levels(piece)[last:]))) * FRAME
        piece, sound = piece[:cut].copy(), sound[cut:]
        piece = piece[int(np.argmax(levels(piece) > 0.01)) * FRAME :]
        active = levels(piece)
        active = active[active > 0.1 * active.max()]
        piece *= 10 ** (LEVEL_DB / 20) / np.sqrt((active**2).mean())
        ramp = np.linspace(0, 1, RATE // 100)
        piece[: len(ramp)] *= ramp
        piece[-len(ramp) :] *= ramp[::-1]
        segment = np.zeros(int(SEGMENT_S * RATE))
        segment[int(LEAD_S * RATE) :][: len(piece)] = piece
        yield segment


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, recordings in PROMPTS.items():
        # Long prompts first: whole sentences.
        paths = sorted(glob.glob(f"/usr/share/asterisk/sounds/{recordings}/*.g722"), key=lambda path: (-pathlib.Path(path).stat().st_size, path))
        sound = without_long_pauses(np.concatenate([decode(path) for path in paths[:14]]))
        for number, segment in enumerate(segments(sound)):
            samples = np.clip(resample_poly(segment, 3, 1), -1, 1) * 32767
            samples.astype("<i2").tofile(folder / f"{name}-{number:02}.pcm")


main(sys.argv[1])
