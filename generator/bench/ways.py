"""Ways from a tune to its recording and sheet, each as it is done: how long every step takes.

A way is made with the sound font and a folder to work in, and called with a tune's ABC gives the milliseconds of its steps.
"""

from __future__ import annotations

import subprocess
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WHOLE, ALONE = "whole", "melody alone, to the sound"
Way = Callable[[str], dict[str, float]]


class Stopwatch:
    def __init__(self) -> None:
        self.ms: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.ms[name] = (time.perf_counter() - began) * 1000


def ours(soundfont: Path, folder: Path) -> Way:
    """Our renderer: its parts one after another, then the whole as the worker has it done."""
    from generator.notation.reader import read
    from generator.rendering.audio.midi import write_midi
    from generator.rendering.audio.mp3 import encode_mp3
    from generator.rendering.audio.synthesis import synthesise
    from generator.rendering.limits import check
    from generator.rendering.render import render
    from generator.rendering.sheet.engraving import engrave, to_png
    from generator.rendering.sheet.musicxml import write_musicxml
    from generator.rendering.style import SESSION

    def way(abc: str) -> dict[str, float]:
        score, watch = read(abc), Stopwatch()
        with watch.step("limits, arrangement, MIDI"):
            check(score)
            midi = write_midi(score)
        with watch.step("MusicXML"):
            musicxml = write_musicxml(score)
        with watch.step("SVG"):
            svg = engrave(score, musicxml)
        with watch.step("PNG"):
            to_png(svg)
        with watch.step("synthesis"):
            samples = synthesise(midi, soundfont)
        with watch.step("MP3"):
            encode_mp3(samples)
        with watch.step(ALONE):  # what the others play
            synthesise(write_midi(score, replace(SESSION, backing=False)), soundfont)
        with watch.step(WHOLE):
            render(score, soundfont=soundfont)
        return watch.ms

    return way


def lab(soundfont: Path, folder: Path) -> Way:
    """As the MIT 6.S191 lab plays its tunes: ABC → abc2midi → TiMidity++ → WAV; then the MP3 by our encoder."""
    from generator.rendering.audio.mp3 import encode_mp3

    notation, midi, wav = folder / "tune.abc", folder / "tune.mid", folder / "tune.wav"
    configuration = folder / "timidity.cfg"
    configuration.write_text(f'soundfont "{soundfont}"\n', encoding="utf-8")

    def way(abc: str) -> dict[str, float]:
        watch = Stopwatch()
        notation.write_text(abc, encoding="utf-8")
        with watch.step("abc2midi"):
            _call("abc2midi", notation, "-o", midi)
        with watch.step("TiMidity++"):
            _call("timidity", "-c", configuration, midi, "-Ow", "-o", wav)
        with watch.step("MP3"):
            encode_mp3(_samples(wav))
        return watch.ms

    return way


def by_music21(soundfont: Path, folder: Path) -> Way:
    """music21 and midi2audio as they come; then the MP3 by our encoder."""
    import midi2audio
    from music21 import converter

    from generator.rendering.audio.mp3 import encode_mp3

    fluidsynth = midi2audio.FluidSynth(str(soundfont))
    midi, wav, musicxml = folder / "tune.mid", folder / "tune.wav", folder / "tune.musicxml"

    def way(abc: str) -> dict[str, float]:
        watch = Stopwatch()
        with watch.step("reading"):
            score = converter.parseData(abc, format="abc")
        with watch.step("MIDI"):
            score.write("midi", fp=midi)
        with watch.step("synthesis"):
            fluidsynth.midi_to_audio(str(midi), str(wav))
        with watch.step("MusicXML"):
            score.write("musicxml", fp=musicxml)
        with watch.step("MP3"):
            encode_mp3(_samples(wav))
        return watch.ms

    return way


def _samples(wav: Path) -> NDArray[np.int16]:
    """Of shape (frames, 2)."""
    with wave.open(str(wav)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def _call(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


WAYS: dict[str, Callable[[Path, Path], Way]] = {"ours": ours, "lab": lab, "music21": by_music21}
