"""Draws the sheet of every tune of the collections, and lets other programs read the MusicXML:

    .venv/bin/python -m tests.benchmarks.sheets [--cache data/corpus] [--limit N] [--musicxml 500] [--look FOLDER --seed N]

Prints JSON. A sheet is correct if the picture opens, has a plausible size and amount of ink and nothing at its edges, and if
every note of the time map is exactly one group of the SVG. Tunes that the reader or `limits.check` refuses are counted
separately. music21 and verovio read the MusicXML of `--musicxml` random tunes: pitches and onsets must be those of the score,
for each tied piece and each note of a chord. `--look` is a folder for ten random pictures, at full size and at the width of a
preview in chat. Times are CPU times of this process. Exits with 1 if anything differs.
"""

import argparse
import io
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import verovio
from music21 import converter, harmony, stream
from PIL import Image

from generator.notation.errors import NotationError
from generator.notation.reader import read
from generator.notation.score import Score
from generator.rendering.limits import check
from generator.rendering.performance.melody import perform
from generator.rendering.performance.played_bars import played_bars
from generator.rendering.result import RenderingError
from generator.rendering.sheet.engraving import WIDTH, engrave, to_png
from generator.rendering.sheet.music21_score import note_id
from generator.rendering.sheet.musicxml import write_musicxml
from generator.rendering.sheet.note_values import piece_lengths
from generator.rendering.time_map import write_time_map
from training.corpus.sources import RawTune, tunes

PREVIEW = 480  # pixels: the width of a preview in chat
PICTURES = 10
TICK = Fraction(1, 960)  # of a whole note, for rounding: the programs return floats

Heads = list[tuple[int, Fraction, int]]  # (bar, onset in the bar or in the tune, MIDI pitch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=Path("data/corpus"))
    parser.add_argument("--limit", type=int, help="number of tunes, chosen at random")
    parser.add_argument("--musicxml", type=int, default=500)
    parser.add_argument("--look", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chosen = list(tunes(options.cache))
    random.Random(options.seed).shuffle(chosen)
    counts: dict[str, Counter[str]] = {}
    failures: list[str] = []
    times: dict[str, list[float]] = {"MusicXML": [], "SVG": [], "PNG": [], "all": []}
    drawn: list[tuple[RawTune, Score]] = []
    for number, tune in enumerate(chosen[: options.limit]):
        if number % 250 == 0:
            print(f"{number} tunes, {len(failures)} failures", file=sys.stderr, flush=True)
        verdict, score = _draw(tune, failures, times, options.look if len(drawn) < PICTURES else None)
        counts.setdefault(tune.collection, Counter())[verdict] += 1
        if score:
            drawn.append((tune, score))
    wrong = [
        f"{_name(tune)} in {program}: {difference}"
        for tune, score in islice(drawn, options.musicxml)
        for program, difference in _differences(score)
    ]
    report = {
        "sheets": {name: dict(count) for name, count in sorted(counts.items())},
        "failures": failures,
        "CPU ms": {name: _percentiles(each) for name, each in times.items()},
        "MusicXML read": min(options.musicxml, len(drawn)),
        "MusicXML different": wrong,
    }
    print(json.dumps(report, indent=1, ensure_ascii=False))
    sys.exit(bool(failures or wrong))


def _draw(tune: RawTune, failures: list[str], times: dict[str, list[float]], look: Path | None) -> tuple[str, Score | None]:
    try:
        score = read(tune.text)
        check(score)
    except (NotationError, RenderingError) as refusal:
        return f"refused: {str(refusal)[:60]}", None
    marks = [time.process_time()]
    try:
        musicxml = write_musicxml(score)
        marks.append(time.process_time())
        svg = engrave(score, musicxml)
        marks.append(time.process_time())
        png = to_png(svg)
        marks.append(time.process_time())
        fault = _fault(score, svg, png)
    except Exception as error:  # every exception is a failure to count
        fault = f"{type(error).__name__}: {error}"
    if fault:
        failures.append(f"{_name(tune)}: {fault}")
        return "failed", None
    for name, start, stop in (("MusicXML", 0, 1), ("SVG", 1, 2), ("PNG", 2, 3), ("all", 0, 3)):
        times[name].append(1_000 * (marks[stop] - marks[start]))
    if look:
        look.mkdir(parents=True, exist_ok=True)
        name = f"{tune.collection}-{score.reference}"
        (look / f"{name}.png").write_bytes(png)
        (look / f"{name}.abc").write_text(tune.text, encoding="utf-8")
        picture = Image.open(io.BytesIO(png)).convert("RGB")
        picture.resize((PREVIEW, round(picture.height * PREVIEW / picture.width))).save(look / f"{name}.preview.png")
    return "drawn", score


def _name(tune: RawTune) -> str:
    return f"{tune.collection} {tune.text.partition(chr(10))[0].strip()}"


def _fault(score: Score, svg: str, png: bytes) -> str | None:
    """What is wrong with a sheet, in words."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    if not (WIDTH / 2 < pixels.shape[1] <= WIDTH and pixels.shape[0] > 100):
        return f"a picture of {pixels.shape[1]} × {pixels.shape[0]}"
    if min(pixels[:6].min(), pixels[-6:].min(), pixels[:, :6].min(), pixels[:, -6:].min()) < 255:
        return "something touches the edge"
    if not 0.005 < (pixels < 128).mean() < 0.3:
        return f"{(pixels < 128).mean():.1%} of the picture is ink"
    ids = Counter(element.get("id") for element in ElementTree.fromstring(svg).iter() if element.get("id"))
    named = {
        note_id(entry["bar"], entry["note"])
        for entry in json.loads(write_time_map(score, perform(score, played_bars(score)), []))["notes"]
    }
    if lost := sorted(named - set(ids)):
        return f"{len(lost)} notes of the time map are not in the sheet, for example {lost[0]}"
    if ids.most_common(1)[0][1] > 1:
        return f"the id {ids.most_common(1)[0][0]} occurs more than once"
    return None


def _differences(score: Score) -> Iterator[tuple[str, str]]:
    """The programs that read other notes from the MusicXML than those of the score, each with the first difference."""
    expected = list(_written(score))
    try:
        found = _by_music21(write_musicxml(score))
    except Exception as error:
        yield "music21", f"{type(error).__name__}: {error}"
    else:
        if difference := _first_difference([(bar, onset, pitch) for bar, onset, _, pitch in expected], found):
            yield "music21", difference
    # Without grace notes: verovio gives them a duration.
    plain = replace(
        score,
        bars=tuple(replace(bar, notes=tuple(replace(note, grace=()) for note in bar.notes)) for bar in score.bars),
    )
    in_tune = [(0, onset, pitch) for _, _, onset, pitch in expected]
    if difference := _first_difference(in_tune, _by_verovio(write_musicxml(plain))):
        yield "verovio", difference


def _written(score: Score) -> Iterator[tuple[int, Fraction, Fraction, int]]:
    """Every note head: bar, onset in the bar and in the tune as written, MIDI pitch."""
    start = Fraction(0)
    for index, bar in enumerate(score.bars):
        onset = Fraction(0)
        for note in bar.notes:
            for length in piece_lengths(note):
                yield from ((index, onset, start + onset, pitch.midi) for pitch in note.pitches)
                onset += length
        start += bar.duration


def _by_music21(musicxml: bytes) -> Heads:
    parsed = converter.parseData(musicxml, format="musicxml")
    assert isinstance(parsed, stream.Score)
    return [
        (index, Fraction(element.offset) / 4, pitch.midi)
        for index, measure in enumerate(parsed.parts[0].getElementsByClass(stream.Measure))
        for element in measure.notes
        if not element.duration.isGrace and not isinstance(element, harmony.Harmony)
        for pitch in element.pitches
    ]


def _by_verovio(musicxml: bytes) -> Heads:
    toolkit = verovio.toolkit()
    toolkit.setOptions({"expandNever": True})  # does not play out repeats
    if not toolkit.loadData(musicxml.decode()):
        return []
    return [
        (0, Fraction(entry["qstamp"]) / 4, toolkit.getMIDIValuesForElement(name)["pitch"])
        for entry in toolkit.renderToTimemap()
        for name in entry.get("on", [])
    ]


def _first_difference(expected: Heads, found: Heads) -> str | None:
    one, other = (sorted((bar, round(onset / TICK), pitch) for bar, onset, pitch in heads) for heads in (expected, found))
    if one == other:
        return None
    first = next((pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]), None)
    return f"{len(one)} and {len(other)} notes, {first[0]} against {first[1]}" if first else f"{len(one)} and {len(other)} notes"


def _percentiles(values: list[float]) -> dict[str, float]:
    ordered = statistics.quantiles(values, n=100)
    return {"50th percentile": round(ordered[49], 1), "95th percentile": round(ordered[94], 1), "longest": round(max(values), 1)}


if __name__ == "__main__":
    main()
