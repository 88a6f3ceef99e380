"""FluidSynth's sound and LAME's MP3."""

import os
from pathlib import Path

import numpy as np
import pytest

from generator.notation.reader import read
from generator.rendering import audio, style
from generator.rendering.audio import RATE, encode_mp3, find_soundfont, master, read_wav, synthesise
from generator.rendering.midi import write_midi
from generator.rendering.result import RenderingError
from tests.generator.rendering.mp3 import frames
from tests.generator.rendering.tunes import PLAIN

PEAK = 10 ** (-1.5 / 20) * 32_767


def test_a_tune_sounds_from_its_first_beat_at_its_pitch_and_ends_in_less_than_a_second_of_silence() -> None:
    samples = synthesise(write_midi(read("X:1\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\nA4|\n"), style.PLAIN), find_soundfont())
    level = np.abs(samples.astype(int)).max(axis=1)
    assert level.max() == pytest.approx(PEAK, abs=2)
    loud = np.flatnonzero(level > PEAK / 1000)
    assert loud[0] < 0.1 * RATE
    assert len(samples) - loud[-1] < RATE
    assert 2 * RATE < len(samples) < 4 * RATE
    middle = samples[RATE // 2 : RATE // 2 + RATE, 0].astype(float)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    partial = spectrum.argmax() * RATE / len(middle)
    assert min(abs(partial / 440 - nearest) for nearest in (1, 2, 3)) < 0.02, "not an A"


def test_the_mp3_is_128_kbit_stereo_at_44_1_khz_and_lasts_as_long_as_the_samples() -> None:
    samples = synthesise(write_midi(read(PLAIN)), find_soundfont())
    found = frames(encode_mp3(samples))
    assert {(frame.kbps, frame.rate, frame.channels) for frame in found} == {(128, RATE, 2)}
    assert 1152 * len(found) == pytest.approx(len(samples), abs=4 * 1152)


def test_the_peak_comes_to_minus_one_and_a_half_decibels_and_silence_is_cut_with_a_fade() -> None:
    samples = np.zeros((5 * RATE, 2), dtype=np.int16)
    samples[:RATE, 0] = 1_000
    finished = master(samples)
    assert abs(int(finished.max()) - PEAK) <= 1
    assert RATE < len(finished) < 2 * RATE
    assert finished[-1].tolist() == [0, 0]


def test_silence_is_an_error_not_a_recording() -> None:
    with pytest.raises(RenderingError, match="played nothing"):
        master(np.zeros((RATE, 2), dtype=np.int16))


def test_a_given_font_is_taken_and_no_other_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(RenderingError, match="no sound font at"):
        find_soundfont(tmp_path / "absent.sf2")
    (tmp_path / "text.sf2").write_text("not a font")
    with pytest.raises(RenderingError, match="not a sound font"):
        find_soundfont(tmp_path / "text.sf2")
    font = tmp_path / "good.sf2"
    font.symlink_to(find_soundfont())
    assert find_soundfont(font) == find_soundfont()


def test_a_broken_font_is_an_error_even_where_the_system_has_a_good_one(tmp_path: Path) -> None:
    font = tmp_path / "broken.sf2"
    font.write_bytes(b"RIFF\x10\0\0\0sfbkLIST\0\0\0\0")
    with pytest.raises(RenderingError, match="sound font"):
        synthesise(write_midi(read(PLAIN)), find_soundfont(font))


def test_without_any_font_the_sentence_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "_FOLDERS", ())
    with pytest.raises(RenderingError, match="apt install fluid-soundfont-gm"):
        find_soundfont()


def test_without_fluidsynth_the_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    font = find_soundfont()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RenderingError, match="apt install fluidsynth"):
        synthesise(b"", font)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
@pytest.mark.parametrize(
    ("script", "says"), [("exit 3", "status 3"), ("exit 0", "no recording"), ("exec sleep 30", "longer than 0.2 s")]
)
def test_a_program_that_fails_writes_nothing_or_hangs_is_found_out(
    script: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "fluidsynth"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(audio.shutil, "which", lambda _: str(program))
    monkeypatch.setattr(audio, "SYNTHESIS_S", 0.2 if "sleep" in script else 20)
    with pytest.raises(RenderingError, match=says):
        synthesise(write_midi(read(PLAIN)), find_soundfont())


def test_a_file_of_the_wrong_kind_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "tune.wav").write_bytes(b"RIFF....WAVE")
    with pytest.raises(RenderingError, match="no recording"):
        read_wav(tmp_path / "tune.wav")
