"""Checks the loudness, peaks, silence, title and duration of recordings, on composed tunes of all rhythms and instruments:

    .venv/bin/python -m tests.benchmarks.loudness [COUNT]

ffmpeg (package ffmpeg) measures the MP3 files, not our own code: loudness and true peak by its ebur128 filter, peak and silence
in the decoded samples, title and duration by ffprobe. Prints a table by instrument and the recordings outside the limits. Exits
with 1 if there are any.
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
MAX_PEAK = -1.0  # dBFS, of samples and true peak
SILENCE = -60.0  # dBFS, ffmpeg's own threshold
MAX_SILENCE_S = 1.0  # at the beginning or the end
MAX_DIFFERENCE_S = 0.1  # of durations: an encoder adds up to 50 ms

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
    tags: dict[str, str]  # names in lower case


def measure(mp3: Path) -> Measured:
    report = _call("ffmpeg", "-nostats", "-i", mp3, "-af", "ebur128=peak=true", "-f", "null", "-").stderr.decode()
    summary = report[report.rindex("Summary:") :]
    raw = _call("ffmpeg", "-loglevel", "error", "-i", mp3, "-f", "f32le", "-ac", "2", "-ar", str(RATE), "-").stdout
    level = np.abs(np.frombuffer(raw, "<f4").reshape(-1, 2)).max(axis=1)
    audible = np.flatnonzero(level > 10 ** (SILENCE / 20))
    probed = json.loads(_call("ffprobe", "-loglevel", "error", "-show_format", "-of", "json", mp3).stdout)["format"]
    return Measured(
        lufs=_number(r"I:\s+(-?[\d.]+|-inf) LUFS", summary),
        true_peak=_number(r"Peak:\s+(-?[\d.]+|-inf) dBFS", summary),
        peak=float(20 * np.log10(level.max())),
        silence_s=(float(audible[0]) / RATE, float(len(level) - 1 - audible[-1]) / RATE),
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
    """What is outside the limits, in words."""
    outside = []
    if abs(found.lufs - LOUDNESS) > TOLERANCE:
        outside.append(f"{found.lufs:.1f} LUFS")
    if max(found.peak, found.true_peak) >= MAX_PEAK:
        outside.append(f"peak {found.peak:.2f}, true peak {found.true_peak:.1f} dBFS")
    for end, silence in zip(("beginning", "end"), found.silence_s, strict=True):
        if silence >= MAX_SILENCE_S:
            outside.append(f"{silence:.2f} s of silence at the {end}")
    if found.tags.get("title") != printable(score.title):
        outside.append(f"title {found.tags.get('title')!r}")
    if abs(found.duration_s - rendering.duration_ms / 1000) > MAX_DIFFERENCE_S:
        outside.append(f"{found.duration_s:.2f} s, but duration_ms is {rendering.duration_ms / 1000:.2f}")
    return outside


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    # Covers all pairs of rhythm and instrument if there are as many tunes as pairs.
    rhythms, instruments = list(RHYTHMS), len(NAMES)
    chosen = [(tune % len(rhythms), (tune + tune // len(rhythms)) % instruments) for tune in range(count)]
    composer = Composer(load_weights())
    requests = [TuneRequest.check(rhythm=rhythms[rhythm], seed=seed) for seed, (rhythm, _) in enumerate(chosen)]
    scores = [tune.score for tune in composer.compose(requests)]
    composer.close()
    by_instrument: defaultdict[str, list[Measured]] = defaultdict(list)
    outside: defaultdict[str, list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "tune.mp3")
        for seed, (score, (_, instrument)) in enumerate(zip(scores, chosen, strict=True)):
            name = NAMES[instrument]
            rendering = recording(score, name, seed)
            file.write_bytes(rendering.mp3)
            found = measure(file)
            by_instrument[name].append(found)
            if found_faults := faults(found, score, rendering):
                outside[name].append(f"{requests[seed].rhythm}, seed {seed}: {'; '.join(found_faults)}")
            print(f"\r{seed + 1} of {count}", end="", file=sys.stderr)
    print(file=sys.stderr)
    print("| instrument | tunes | LUFS | peak, dBFS | true peak, dBFS | silence before, after, s | outside |")
    print("|---|---|---|---|---|---|---|")
    for name, recordings in by_instrument.items():
        loud = sorted(each.lufs for each in recordings)
        before, after = (max(each.silence_s[end] for each in recordings) for end in (0, 1))
        print(
            f"| {name} | {len(recordings)} | {loud[0]:.1f} to {loud[-1]:.1f}, median {median(loud):.1f} "
            f"| {max(each.peak for each in recordings):.2f} | {max(each.true_peak for each in recordings):.1f} "
            f"| {before:.2f}, {after:.2f} | {len(outside[name])} |"
        )
    for name, lines in outside.items():
        for line in lines:
            print(f"{name}: {line}")
    bad = sum(map(len, outside.values()))
    ffmpeg_version = _call("ffmpeg", "-version").stdout.decode().split(" Copyright")[0]
    print(f"{count - bad} of {count} inside the limits, measured by {ffmpeg_version}")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
