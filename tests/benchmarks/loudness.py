"""Whether recordings are as loud as they ought to be, on composed tunes of all rhythms and instruments:

    .venv/bin/python -m tests.benchmarks.loudness [COUNT]

The MP3 files are judged by ffmpeg (package ffmpeg), not by our own code: loudness and true peak by its ebur128, peak and
silence in what it decodes, title and duration by ffprobe. Prints a table by instrument, and what is outside; exits with 1 if
anything is.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from generator.composer.composer import Composer
from generator.composer.weights import load_weights
from generator.notation.metres import RHYTHMS
from generator.notation.score import Score
from generator.rendering.display_text import printable
from generator.rendering.performance.instruments import INSTRUMENTS
from generator.rendering.render import render
from generator.rendering.result import Rendering
from generator.rendering.style import Style
from generator.request import TuneRequest

RATE = 44_100  # Hz
LOUDNESS, TOLERANCE = -16.0, 1.0  # LUFS
HIGHEST = -1.0  # dBFS, of samples and between them
SILENT, LONGEST_S = -60.0, 1.0  # dBFS, what ffmpeg itself takes for silence; of silence at an end
APART_S = 0.1  # of durations: an encoder adds up to 50 ms

NAMES = tuple(INSTRUMENTS)


def recording(score: Score, instrument: str, seed: int) -> Rendering:
    return render(score, style=Style(instrument=instrument, seed=seed))


@dataclass(frozen=True, slots=True)
class Measured:
    lufs: float
    true_peak: float  # dBFS
    peak: float  # dBFS
    silence_s: tuple[float, float]  # at the beginning and at the end
    duration_s: float
    tags: dict[str, str]  # names in small letters


def measure(mp3: Path) -> Measured:
    said = _call("ffmpeg", "-nostats", "-i", mp3, "-af", "ebur128=peak=true", "-f", "null", "-").stderr.decode()
    summary = said[said.rindex("Summary:") :]
    raw = _call("ffmpeg", "-loglevel", "error", "-i", mp3, "-f", "f32le", "-ac", "2", "-ar", str(RATE), "-").stdout
    level = np.abs(np.frombuffer(raw, "<f4").reshape(-1, 2)).max(axis=1)
    heard = np.flatnonzero(level > 10 ** (SILENT / 20))
    probed = json.loads(_call("ffprobe", "-loglevel", "error", "-show_format", "-of", "json", mp3).stdout)["format"]
    return Measured(
        lufs=_number(r"I:\s+(-?[\d.]+|-inf) LUFS", summary),
        true_peak=_number(r"Peak:\s+(-?[\d.]+|-inf) dBFS", summary),
        peak=float(20 * np.log10(level.max())),
        silence_s=(float(heard[0]) / RATE, float(len(level) - 1 - heard[-1]) / RATE),
        duration_s=len(level) / RATE,
        tags={name.lower(): value for name, value in probed.get("tags", {}).items()},
    )


def _call(*command: str | Path) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)


def _number(pattern: str, text: str) -> float:
    match = re.search(pattern, text)
    assert match, text
    return float(match[1])


def faults(found: Measured, score: Score, rendering: Rendering) -> list[str]:
    """What is outside the limits."""
    said = []
    if abs(found.lufs - LOUDNESS) > TOLERANCE:
        said.append(f"{found.lufs:.1f} LUFS")
    if max(found.peak, found.true_peak) >= HIGHEST:
        said.append(f"peak {found.peak:.2f}, true peak {found.true_peak:.1f} dBFS")
    for end, silence in zip(("beginning", "end"), found.silence_s, strict=True):
        if silence >= LONGEST_S:
            said.append(f"{silence:.2f} s of silence at the {end}")
    if found.tags.get("title") != printable(score.title):
        said.append(f"title {found.tags.get('title')!r}")
    if abs(found.duration_s - rendering.duration_ms / 1000) > APART_S:
        said.append(f"{found.duration_s:.2f} s, announced as {rendering.duration_ms / 1000:.2f}")
    return said


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    # Every rhythm meets every instrument once there are as many tunes as pairs.
    rhythms, instruments = list(RHYTHMS), len(NAMES)
    chosen = [(tune % len(rhythms), (tune + tune // len(rhythms)) % instruments) for tune in range(count)]
    composer = Composer(load_weights())
    wishes = [TuneRequest.check(rhythm=rhythms[rhythm], seed=seed) for seed, (rhythm, _) in enumerate(chosen)]
    scores = [tune.score for tune in composer.compose(wishes)]
    composer.close()
    by_instrument: defaultdict[str, list[Measured]] = defaultdict(list)
    outside: defaultdict[str, list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "tune.mp3")
        for seed, (score, (_, place)) in enumerate(zip(scores, chosen, strict=True)):
            name = NAMES[place]
            rendering = recording(score, name, seed)
            file.write_bytes(rendering.mp3)
            found = measure(file)
            by_instrument[name].append(found)
            if said := faults(found, score, rendering):
                outside[name].append(f"{wishes[seed].rhythm}, seed {seed}: {'; '.join(said)}")
            print(f"\r{seed + 1} of {count}", end="", file=sys.stderr)
    print(file=sys.stderr)
    print("| instrument | tunes | LUFS | peak, dBFS | true peak, dBFS | silence before, after, s | outside |")
    print("|---|---|---|---|---|---|---|")
    for name, those in by_instrument.items():
        loud = sorted(each.lufs for each in those)
        before, after = (max(each.silence_s[end] for each in those) for end in (0, 1))
        print(
            f"| {name} | {len(those)} | {loud[0]:.1f} to {loud[-1]:.1f}, median {median(loud):.1f} "
            f"| {max(each.peak for each in those):.2f} | {max(each.true_peak for each in those):.1f} "
            f"| {before:.2f}, {after:.2f} | {len(outside[name])} |"
        )
    for name, lines in outside.items():
        for line in lines:
            print(f"{name}: {line}")
    bad = sum(map(len, outside.values()))
    print(f"{count - bad} of {count} inside the limits, by {_call('ffmpeg', '-version').stdout.decode().split(' Copyright')[0]}")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
