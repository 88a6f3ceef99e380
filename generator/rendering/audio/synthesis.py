"""MIDI → samples by FluidSynth: its library with the sound font kept loaded, or its program through midi2audio."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from functools import cache, lru_cache
from itertools import zip_longest
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import midi2audio
import numpy as np
from numpy.typing import NDArray

from generator.rendering.audio.mastering import RATE, Measured, Samples, master, measure
from generator.rendering.audio.midi import Half
from generator.rendering.audio.sound_font import find_fluidsynth
from generator.rendering.result import RendererFault

SYNTHESIS_TIMEOUT_S = 20  # a tune of 180 s takes two seconds
# Frames that FluidSynth writes at once. In a call it has room to note the ends of 24 voices; it never ends a tune of which it
# missed one, and a second of a quick tune can have more.
_WRITE = RATE // 20
_INT, _POINTER = ctypes.c_int, ctypes.c_void_p

# FluidSynth's settings. The reverb is a small, damped room.
_SETTINGS: dict[str, str | int | float] = {
    "synth.gain": 0.6,
    "synth.sample-rate": float(RATE),
    "synth.chorus.active": 0,
    "synth.reverb.room-size": 0.5,
    "synth.reverb.damp": 0.3,
    "synth.reverb.width": 0.8,
    "synth.reverb.level": 0.6,
    "synth.polyphony": 24,  # voices, which determine the cost of synthesis; a string takes two until it is silent
    "synth.dynamic-sample-loading": 1,  # loads only the instruments that play: the font has 148 MB
    "synth.default-soundfont": "",  # without this it would play the system's font if it cannot read ours
}


def synthesise(halves: Sequence[Half], soundfont: Path) -> NDArray[np.int16]:
    """The mastered recording of a tune, the sum of its halves: samples of shape (frames, 2) at RATE.

    Each half is played on its own core. Raises RendererFault if FluidSynth is missing, fails or takes too long, or if the
    recording is silent.
    """
    load_fluidsynth()  # once, and not in several threads
    with ThreadPoolExecutor(max_workers=len(halves)) as executor:
        played = [executor.submit(_play, half, soundfont, number) for number, half in enumerate(halves)]
        return master(list(executor.map(_mixed, zip_longest(*(half.result() for half in played)))))


def _play(half: Half, soundfont: Path, number: int) -> list[Samples | None]:
    """The seconds of the tune in which a half sounds, by the library or the program; None for each whole one before it."""
    before, silence = divmod(round(half.start_s * RATE), RATE)
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        midi_file, raw_file = Path(folder, "tune.mid"), Path(folder, "tune.raw")
        midi_file.write_bytes(half.midi)  # closed when FluidSynth opens it, as Windows demands
        if load_fluidsynth() is not None:
            return [None] * before + list(_library_for(soundfont, number).play(midi_file, SYNTHESIS_TIMEOUT_S, silence))
        FluidSynthProgram(soundfont, timeout_s=SYNTHESIS_TIMEOUT_S).midi_to_audio(str(midi_file), str(raw_file))
        samples = np.pad(read_raw(raw_file), ((silence, 0), (0, 0)))
        return [None] * before + [samples[start : start + RATE] for start in range(0, len(samples), RATE)]


def _mixed(pieces: tuple[Samples | None, ...]) -> Measured:
    """The sum of what sounds in one second."""
    sounding = sorted((piece for piece in pieces if piece is not None), key=len)
    mixed = sounding.pop() if sounding else np.zeros((RATE, 2), dtype=np.float32)
    for piece in sounding:
        mixed[: len(piece)] += piece
    return measure(mixed)


@cache
def load_fluidsynth() -> ModuleType | None:
    """The bindings of FluidSynth's library; None if it is too old or not found.

    On macOS a Python that is not Homebrew's does not find Homebrew's libraries.
    """
    try:
        with redirect_stdout(sys.stderr):  # if CI is set, it prints the library that it found
            import fluidsynth
    except (ImportError, OSError):
        return None
    if fluidsynth.majver.value < 2:
        return None
    set_log_function = fluidsynth.cfunc(
        "fluid_set_log_function", ctypes.c_void_p, *_arguments(level=_INT, function=_POINTER, data=_POINTER)
    )
    for level in range(5):  # errors are raised as exceptions, not printed
        set_log_function(level, None, None)
    return cast(ModuleType, fluidsynth)


def _arguments(**kinds: type) -> list[tuple[str, type, int]]:
    """The arguments of a library function, declared in the way of pyfluidsynth; 1 marks an input."""
    return [(name, kind, 1) for name, kind in kinds.items()]


class FluidSynthLibrary:
    """FluidSynth in this process, with a loaded sound font.

    Each tune gets a synthesiser of its own (0.2 ms): the reverb of a used one sounds a little different, whatever is reset.
    """

    def __init__(self, soundfont: Path) -> None:
        fluidsynth = load_fluidsynth()
        assert fluidsynth
        self.fluidsynth = fluidsynth
        self.write = self._function(
            "fluid_synth_write_float", _INT, synth=_POINTER, frames=_INT,
            left=_POINTER, left_offset=_INT, left_step=_INT, right=_POINTER, right_offset=_INT, right_step=_INT,
        )  # fmt: skip
        self.new_synth = self._function("new_fluid_synth", _POINTER, settings=_POINTER)
        self.add_font = self._function("fluid_synth_add_sfont", _INT, synth=_POINTER, font=_POINTER)
        self.remove_font = self._function("fluid_synth_remove_sfont", _INT, synth=_POINTER, font=_POINTER)
        self.delete_synth = self._function("delete_fluid_synth", None, synth=_POINTER)
        library_settings = {"player.timing-source": "sample", "synth.lock-memory": 0}
        self.owner = fluidsynth.Synth(_SETTINGS["synth.gain"], RATE, 16, **_SETTINGS | library_settings)  # of the sound font
        if self.owner.sfload(str(soundfont), 1) < 0:
            self.owner.delete()
            raise RendererFault(f"FluidSynth cannot read the sound font {soundfont}. Check that the file is complete.")
        self.font = self._function("fluid_synth_get_sfont", _POINTER, synth=_POINTER, number=_INT)(self.owner.synth, 0)
        self.lock = threading.Lock()  # of the sound font, which loads instruments when they are first played

    def _function(self, name: str, result: type | None, **arguments: type) -> Callable[..., Any]:
        """A function of the library that pyfluidsynth does not declare."""
        return cast(Callable[..., Any], self.fluidsynth.cfunc(name, result, *_arguments(**arguments)))

    def play(self, midi_file: Path, timeout_s: float, silence: int = 0) -> Iterator[Samples]:
        """The seconds of the tune after some frames of silence, each of shape (frames, 2).

        Raises RendererFault if they take too long.
        """
        with self.lock, self._new_synth() as synth:
            player = self.fluidsynth.new_fluid_player(synth)
            self.fluidsynth.fluid_player_add(player, str(midi_file).encode())
            self.fluidsynth.fluid_player_play(player)
            deadline = time.monotonic() + timeout_s
            try:
                while self.fluidsynth.fluid_player_get_status(player) == self.fluidsynth.FLUID_PLAYER_PLAYING:
                    if time.monotonic() > deadline:
                        raise _timeout_error(timeout_s)
                    second = np.zeros((RATE, 2), dtype=np.float32)
                    for start in range(silence, RATE, _WRITE):
                        samples = second[start : start + _WRITE]
                        self.write(synth, len(samples), samples.ctypes.data, 0, 2, samples.ctypes.data, 1, 2)
                    yield second
                    silence = 0
            finally:
                self.fluidsynth.delete_fluid_player(player)

    @contextmanager
    def _new_synth(self) -> Iterator[int]:
        """The address of a synthesiser that has played nothing."""
        synth = self.new_synth(self.owner.settings)
        self.add_font(synth, self.font)
        try:
            yield synth
        finally:
            self.remove_font(synth, self.font)  # the owner's, which stays
            self.delete_synth(synth)


@lru_cache(maxsize=2)
def _library_for(soundfont: Path, number: int) -> FluidSynthLibrary:
    """One for each of two threads: a sound font loads instruments when they are first played, by one thread at a time."""
    return FluidSynthLibrary(soundfont)


class FluidSynthProgram(midi2audio.FluidSynth):  # type: ignore[misc]
    """The FluidSynth program, run by midi2audio.

    Overrides `midi_to_audio`: midi2audio puts files before options, has no time limit and ignores the exit status.
    """

    def __init__(self, sound_font: Path, *, timeout_s: float) -> None:
        super().__init__(str(sound_font), RATE)
        self.timeout_s = timeout_s

    def midi_to_audio(self, midi_file: str, audio_file: str) -> None:
        """Writes the raw samples of a MIDI file. Raises RendererFault if FluidSynth is missing, fails or takes too long."""
        command = [find_fluidsynth(), "-n", "-i", "-q", "-f", os.devnull]
        for name, value in _SETTINGS.items():
            command += ["-o", f"{name}={value}"]
        try:
            done = subprocess.run(
                [*command, "-O", "float", "-T", "raw", "-F", audio_file, self.sound_font, midi_file],
                check=False, timeout=self.timeout_s,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise _timeout_error(self.timeout_s) from None
        if done.returncode:
            raise RendererFault(f"FluidSynth stopped with status {done.returncode}. Check the sound font {self.sound_font}.")


def _timeout_error(seconds: float) -> RendererFault:
    return RendererFault(f"FluidSynth took longer than {seconds:g} s. Try again, or shorten the tune.")


def read_raw(path: Path) -> Samples:
    """The samples of a raw file, of shape (frames, 2). Raises RendererFault if there are none."""
    if not path.is_file() or not (size := path.stat().st_size) or size % 8:
        raise RendererFault("FluidSynth wrote no recording. Check its installation and the sound font.")
    return np.fromfile(path, dtype=np.float32).reshape(-1, 2)
