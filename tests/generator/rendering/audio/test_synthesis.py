"""Synthesis by FluidSynth's library and by its program, and the search for both and for a sound font."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from generator.notation.reader import read
from generator.rendering import style
from generator.rendering.audio import sound_font, synthesis
from generator.rendering.audio.mastering import RATE, SEGMENT
from generator.rendering.audio.midi import Half, write_halves, write_midi
from generator.rendering.audio.sound_font import find_soundfont
from generator.rendering.audio.synthesis import FluidSynthProgram, load_fluidsynth, read_raw, synthesise
from generator.rendering.result import RenderingError
from tests.generator.rendering.tunes import JIG, PLAIN
from tests.patience import HANG_S

HORNPIPE = """X:1
R:hornpipe
M:4/4
L:1/8
Q:1/4=152
K:D
|:D>E|F3E D>EF>G|A>dF>A d>AF>A|F2E>F G>EF>G|A2A>A B>AG>E|
F2E>F G>EF>G|A>dF>d g>ec>A|d>AF>A d>fe>c|d2f2 d2:|
|:c>d|e>AA>A a>Af>A|g>fe>d c>AB>c|d2f>d A>fe>d|c>eA>A B>AG>E|
F2A>A a>Af>A|g>fe>d c>AB>c|d>AF>A d>fe>c|d2f2 d2:|]
"""
NEEDS_LIBRARY = pytest.mark.skipif(load_fluidsynth() is None, reason="FluidSynth's library is not installed")


@pytest.fixture(params=[pytest.param("library", marks=NEEDS_LIBRARY), "program"])
def either_fluidsynth(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs a test with FluidSynth's library and with its program."""
    if request.param == "program":
        monkeypatch.setattr(synthesis, "load_fluidsynth", lambda: None)
    yield
    synthesis._library_for.cache_clear()


@pytest.mark.usefixtures("either_fluidsynth")
def test_a_recording_starts_at_once_has_the_right_pitch_and_ends_with_less_than_a_second_of_silence() -> None:
    samples = synthesise(write_halves(read("X:1\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\nA4|\n"), style.PLAIN), find_soundfont())
    level = np.abs(samples.astype(int)).max(axis=1)
    loud = np.flatnonzero(level > level.max() / 1000)
    assert loud[0] < 0.1 * RATE
    assert len(samples) - loud[-1] < RATE
    assert 2 * RATE < len(samples) < 4 * RATE
    middle = samples[RATE // 2 : RATE // 2 + RATE, 0].astype(float)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    partial = spectrum.argmax() * RATE / len(middle)
    assert min(abs(partial / 440 - nearest) for nearest in (1, 2, 3)) < 0.02, "not an A"


@NEEDS_LIBRARY
def test_loading_the_library_prints_nothing_to_standard_output() -> None:
    command = [sys.executable, "-c", "from generator.rendering.audio.synthesis import load_fluidsynth; assert load_fluidsynth()"]
    env = os.environ | {"CI": "true"}  # under continuous integration the library's bindings print messages
    assert subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True, timeout=HANG_S).stdout == b""


@NEEDS_LIBRARY
def test_a_recording_does_not_depend_on_the_tunes_before_it() -> None:
    first = synthesise(write_halves(read(JIG)), find_soundfont())
    synthesise(write_halves(read(PLAIN)), find_soundfont())
    assert np.array_equal(synthesise(write_halves(read(JIG)), find_soundfont()), first)


def error_of(found: NDArray[np.int16], expected: NDArray[np.int16]) -> float:
    """The energy of the difference of two recordings, as a share of that of the second."""
    assert abs(len(found) - len(expected)) <= 0.1 * RATE
    max_shift = 64  # frames, 2 ms: the program may start within a block
    middle = slice(max_shift, len(found) - RATE)  # before the fade-out
    shifted = (np.roll(expected.astype(float), shift, axis=0) for shift in range(-max_shift, max_shift + 1))
    return float(min(np.mean((found[middle] - each[middle]) ** 2) for each in shifted) / np.mean(expected.astype(float) ** 2))


@NEEDS_LIBRARY
def test_library_and_program_give_the_same_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    halves = write_halves(read(JIG))
    library = synthesise(halves, find_soundfont())
    monkeypatch.setattr(synthesis, "load_fluidsynth", lambda: None)
    assert error_of(library, synthesise(halves, find_soundfont())) < 1e-4


@NEEDS_LIBRARY
def test_the_halves_of_a_tune_sound_together_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the reverb, whose delays move, and which begins anew in the second half."""
    tune = read(JIG.replace("K:", "Q:3/8=100\nK:"))  # at this tempo, bars begin with a block of FluidSynth
    halves, whole = write_halves(tune), [Half(write_midi(tune))]
    assert len(halves) == 2
    synthesis._library_for.cache_clear()
    assert error_of(synthesise(halves, find_soundfont()), synthesise(whole, find_soundfont())) < 0.01
    monkeypatch.setitem(synthesis._SETTINGS, "synth.reverb.active", 0)
    synthesis._library_for.cache_clear()
    assert error_of(synthesise(halves, find_soundfont()), synthesise(whole, find_soundfont())) < 1e-4
    synthesis._library_for.cache_clear()


@NEEDS_LIBRARY
def test_a_tune_whose_notes_end_many_at_once_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """FluidSynth played the first half of this hornpipe until there was no memory left: it missed the end of a voice."""
    monkeypatch.setattr(synthesis, "SYNTHESIS_TIMEOUT_S", HANG_S)
    halves = write_halves(read(HORNPIPE), style.Style(seed=27))
    assert len(synthesise(halves, find_soundfont())) < 60 * RATE


@NEEDS_LIBRARY
def test_the_library_times_out_and_then_plays_the_next_tune(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(synthesis, "SYNTHESIS_TIMEOUT_S", -1)
        with pytest.raises(RenderingError, match="took longer than"):
            synthesise(write_halves(read(JIG)), find_soundfont())
    assert len(synthesise(write_halves(read(PLAIN)), find_soundfont())) > RATE


def test_the_recording_has_reverb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a short note of an instrument that stops at once, the reverb sounds and then dies away."""
    midi, raw = tmp_path / "tune.mid", tmp_path / "tune.raw"
    midi.write_bytes(write_midi(read("X:1\nM:4/4\nL:1/8\nQ:1/4=120\nK:C\nA z7|z8|\n"), replace(style.PLAIN, instrument="flute")))

    def levels() -> NDArray[np.float64]:
        """The level of each tenth of a second, in dB."""
        FluidSynthProgram(find_soundfont(), timeout_s=HANG_S).midi_to_audio(str(midi), str(raw))
        samples = read_raw(raw)
        tenths = samples[: len(samples) // SEGMENT * SEGMENT].reshape(-1, SEGMENT * 2)
        decibels: NDArray[np.float64] = 10 * np.log10((tenths.astype(float) ** 2).mean(axis=1) + 1e-12)
        return decibels

    wet = levels()
    monkeypatch.setitem(synthesis._SETTINGS, "synth.reverb.active", 0)
    dry = levels()
    assert wet[7] > dry[7] + 10
    assert wet[15] < wet.max() - 50


def test_a_given_sound_font_is_never_replaced_by_another(tmp_path: Path) -> None:
    with pytest.raises(RenderingError, match="no sound font at"):
        find_soundfont(tmp_path / "absent.sf2")
    (tmp_path / "text.sf2").write_text("not a font")
    with pytest.raises(RenderingError, match="not a sound font"):
        find_soundfont(tmp_path / "text.sf2")
    font = tmp_path / "good.sf2"
    font.symlink_to(find_soundfont())
    assert find_soundfont(font) == find_soundfont()


@pytest.mark.usefixtures("either_fluidsynth")
def test_a_broken_sound_font_is_an_error_even_if_the_system_has_a_good_one(tmp_path: Path) -> None:
    font = tmp_path / "broken.sf2"
    font.write_bytes(b"RIFF\x10\0\0\0sfbkLIST\0\0\0\0")
    with pytest.raises(RenderingError, match="sound font"):
        synthesise(write_halves(read(PLAIN)), find_soundfont(font))


def test_without_any_sound_font_the_error_says_how_to_install_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_font, "_FOLDERS", ())
    with pytest.raises(RenderingError, match="apt install fluid-soundfont-gm"):
        find_soundfont()


def test_without_fluidsynth_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    font = find_soundfont()
    monkeypatch.setattr(synthesis, "load_fluidsynth", lambda: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RenderingError, match="apt install fluidsynth"):
        synthesise([Half(b"")], font)


@pytest.mark.skipif(os.name == "nt", reason="the fake program is a shell script")
@pytest.mark.parametrize(
    ("script", "message"), [("exit 3", "status 3"), ("exit 0", "no recording"), ("exec sleep 30", "longer than 0.2 s")]
)
def test_a_program_that_fails_writes_nothing_or_hangs_is_an_error(
    script: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "fluidsynth"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(synthesis, "load_fluidsynth", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda _: str(program))
    monkeypatch.setattr(synthesis, "SYNTHESIS_TIMEOUT_S", 0.2 if "sleep" in script else HANG_S)
    with pytest.raises(RenderingError, match=message):
        synthesise(write_halves(read(PLAIN)), find_soundfont())


def test_a_file_of_the_wrong_format_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tune.raw").write_bytes(b"RIFF....WAVE")
    with pytest.raises(RenderingError, match="no recording"):
        read_raw(tmp_path / "tune.raw")
