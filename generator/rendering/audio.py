"""MIDI → WAV by FluidSynth, WAV → MP3 by LAME."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import lameenc
import midi2audio
import numpy as np
from numpy.typing import NDArray

from generator.rendering.result import RendererFault

RATE = 44_100  # Hz
BITRATE = 128  # kbit/s
_QUALITY = 7  # LAME's scale, 0 best and slowest; at this bit rate a single flute sounds the same at 2
_PEAK = 10 ** (-1.5 / 20)
SYNTHESIS_S = 20  # a tune of 180 s takes two
_SILENCE = 10 ** (-60 / 20)  # beside the peak
_TAIL_S = 0.4
_FADE_S = 0.15

_FONTS = ("FluidR3_GM.sf2", "default-GM.sf2", "default-GM.sf3", "default.sf2", "GeneralUser-GS.sf2")
_FOLDERS = (
    "/usr/share/sounds/sf2",  # Debian, Ubuntu
    "/usr/share/sounds/sf3",
    "/usr/share/soundfonts",  # Fedora, Arch
    "/usr/local/share/soundfonts",
    "/opt/homebrew/share/soundfonts",
    "/opt/homebrew/share/fluid-synth/sf2",  # Homebrew: Apple's processors, then Intel's
    "/usr/local/share/fluid-synth/sf2",
    "~/.local/share/soundfonts",
    "~/Library/Audio/Sounds/Banks",
)


def find_soundfont(given: Path | None = None) -> Path:
    """The sound font to play with: the one given, else a General MIDI one where systems keep them.

    Raises RendererFault with how to get one. There is no fall-back from a given font to another.
    """
    if given is not None:
        path = given.expanduser()
        if not path.is_file():
            raise RendererFault(f"There is no sound font at {given}. Correct the setting SOUNDFONT or leave it out.")
        if not _is_soundfont(path):
            raise RendererFault(f"{given} is not a sound font. Set SOUNDFONT to an .sf2 or .sf3 file, or leave it out.")
        return path.resolve()
    for name in _FONTS:
        for folder in _FOLDERS:
            path = Path(folder).expanduser() / name
            if _is_soundfont(path):
                return path.resolve()
    raise RendererFault(
        "No General MIDI sound font is installed. On Debian or Ubuntu run “apt install fluid-soundfont-gm”, "
        "on Fedora “dnf install fluid-soundfont-gm”, or set SOUNDFONT to an .sf2 file."
    )


def find_fluidsynth() -> str:
    """The program's path; raises RendererFault with how to get it."""
    program = shutil.which("fluidsynth")
    if program is None:
        raise RendererFault("FluidSynth is not installed. Run “apt install fluidsynth” or “brew install fluid-synth”.")
    return program


def _is_soundfont(path: Path) -> bool:
    """Whether a file says that it is one: FluidSynth goes on without a font that it cannot read."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head[:4] == b"RIFF" and head[8:] == b"sfbk"


class Synthesiser(midi2audio.FluidSynth):  # type: ignore[misc]
    """midi2audio's FluidSynth, which puts files before options, waits for ever and takes any exit status for success."""

    def __init__(self, sound_font: Path, *, timeout_s: float) -> None:
        super().__init__(str(sound_font), RATE)
        self.timeout_s = timeout_s

    def midi_to_audio(self, midi_file: str, audio_file: str) -> None:
        """Plays a MIDI file into a WAV file; raises RendererFault when FluidSynth is absent, fails or takes too long."""
        command = [find_fluidsynth(), "-n", "-i", "-q", "-f", os.devnull, "-C", "0", "-g", "0.6", "-r", str(self.sample_rate)]
        command += ["-o", "synth.default-soundfont="]  # else it would play with the system's when it cannot read ours
        # Loading only the flute of a 148 MB font saves 0.1 s and 130 MB.
        command += ["-o", "synth.dynamic-sample-loading=1", "-O", "s16", "-T", "wav", "-F", audio_file]
        try:
            done = subprocess.run(
                [*command, self.sound_font, midi_file],
                check=False, timeout=self.timeout_s,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise RendererFault(f"FluidSynth took longer than {self.timeout_s:g} s. Try again, or shorten the tune.") from None
        if done.returncode:
            raise RendererFault(f"FluidSynth stopped with status {done.returncode}. Check the sound font {self.sound_font}.")


def synthesise(midi: bytes, soundfont: Path) -> NDArray[np.int16]:
    """Samples of shape (frames, 2) at 44.1 kHz, with the peak at -1.5 dBFS and what is silent at the end cut off."""
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        midi_file, wav_file = Path(folder, "tune.mid"), Path(folder, "tune.wav")
        midi_file.write_bytes(midi)
        Synthesiser(soundfont, timeout_s=SYNTHESIS_S).midi_to_audio(str(midi_file), str(wav_file))
        return master(read_wav(wav_file))


def read_wav(path: Path) -> NDArray[np.int16]:
    """Samples of shape (frames, 2); raises RendererFault when the file is not 16-bit stereo at 44.1 kHz."""
    try:
        with wave.open(str(path)) as file:
            if (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE):
                return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
    except (OSError, EOFError, wave.Error):
        pass
    raise RendererFault("FluidSynth wrote no recording. Check that it and its sound font are whole.")


def master(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """Brings the peak to -1.5 dBFS and ends soon after the last sound; raises RendererFault when all is silent."""
    level = np.abs(samples.astype(np.int32)).max(axis=1, initial=0)
    peak = int(level.max(initial=0))
    if peak < 33:  # -60 dBFS: a font without the instrument plays nothing, or noise
        raise RendererFault("The sound font played nothing. Choose a General MIDI font in the setting SOUNDFONT.")
    end = int(np.flatnonzero(level > peak * _SILENCE)[-1]) + 1 + round(_TAIL_S * RATE)
    out = samples[:end] * np.float32(_PEAK * 32_767 / peak)
    fade = min(round(_FADE_S * RATE), len(out))
    out[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    finished: NDArray[np.int16] = np.rint(out).astype("<i2")
    return finished


def encode_mp3(samples: NDArray[np.int16]) -> bytes:
    """MP3 of samples of shape (frames, 2) at 44.1 kHz."""
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(BITRATE)
    encoder.set_in_sample_rate(RATE)
    encoder.set_channels(2)
    encoder.set_quality(_QUALITY)
    encoder.silence()
    return bytes(encoder.encode(samples.tobytes())) + bytes(encoder.flush())
