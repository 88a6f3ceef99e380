"""Rendering pipelines, from a tune to its recording and sheet music: ours, the MIT lab's and music21's.

A pipeline is made with a sound font and a folder to work in. Called with the ABC of a tune, it returns the milliseconds of
each step.
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

WHOLE, MELODY_ONLY = "whole", "to the sound, melody only"  # names of steps
Pipeline = Callable[[str], dict[str, float]]


class Stopwatch:
    """Collects the milliseconds of steps."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.ms[name] = (time.perf_counter() - began) * 1000


def ours(soundfont: Path, folder: Path) -> Pipeline:
    """Our renderer: its steps one after another, then the whole as the worker does it."""
    from generator.notation.reader import read
    from generator.rendering.audio.midi import write_halves
    from generator.rendering.audio.mp3 import encode_mp3
    from generator.rendering.audio.synthesis import synthesise
    from generator.rendering.limits import check
    from generator.rendering.render import render
    from generator.rendering.sheet.engraving import engrave, to_png
    from generator.rendering.sheet.musicxml import write_musicxml
    from generator.rendering.style import Style

    once = Style(times=1)  # as the others play

    def pipeline(abc: str) -> dict[str, float]:
        score, watch = read(abc), Stopwatch()
        with watch.step("limits, arrangement, MIDI"):
            check(score)
            halves = write_halves(score, once)
        with watch.step("MusicXML"):
            musicxml = write_musicxml(score)
        with watch.step("SVG"):
            svg = engrave(score, musicxml)
        with watch.step("PNG"):
            to_png(svg)
        with watch.step("synthesis"):
            samples = synthesise(halves, soundfont)
        with watch.step("MP3"):
            encode_mp3(samples)
        with watch.step(MELODY_ONLY):  # all that the others play
            synthesise(write_halves(score, replace(once, backing=False)), soundfont)
        with watch.step(WHOLE):
            render(score, style=once, soundfont=soundfont)
        return watch.ms

    return pipeline


def lab(soundfont: Path, folder: Path) -> Pipeline:
    """The MIT 6.S191 lab: ABC → abc2midi → TiMidity++ → WAV; then our MP3 encoder."""
    from generator.rendering.audio.mp3 import encode_mp3

    notation, midi, wav = folder / "tune.abc", folder / "tune.mid", folder / "tune.wav"
    configuration = folder / "timidity.cfg"
    configuration.write_text(f'soundfont "{soundfont}"\n', encoding="utf-8")

    def pipeline(abc: str) -> dict[str, float]:
        watch = Stopwatch()
        notation.write_text(abc, encoding="utf-8")
        with watch.step("abc2midi"):
            _call("abc2midi", notation, "-o", midi)
        with watch.step("TiMidity++"):
            _call("timidity", "-c", configuration, midi, "-Ow", "-o", wav)
        with watch.step("MP3"):
            encode_mp3(_samples(wav))
        return watch.ms

    return pipeline


def by_music21(soundfont: Path, folder: Path) -> Pipeline:
    """music21 and midi2audio with their defaults; then our MP3 encoder."""
    import midi2audio
    from music21 import converter

    from generator.rendering.audio.mp3 import encode_mp3

    fluidsynth = midi2audio.FluidSynth(str(soundfont))
    midi, wav, musicxml = folder / "tune.mid", folder / "tune.wav", folder / "tune.musicxml"

    def pipeline(abc: str) -> dict[str, float]:
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

    return pipeline


def _samples(wav: Path) -> NDArray[np.int16]:
    """The samples of a WAV file, (frames, 2)."""
    with wave.open(str(wav)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def _call(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


PIPELINES: dict[str, Callable[[Path, Path], Pipeline]] = {"ours": ours, "lab": lab, "music21": by_music21}
