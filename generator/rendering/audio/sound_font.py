"""Finds a General MIDI sound font and the FluidSynth program."""

from __future__ import annotations

import shutil
from pathlib import Path

from generator.rendering.result import RendererFault

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
