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
    "/opt/homebrew/share/fluid-synth/sf2",  # Homebrew, on Apple silicon and on Intel
    "/usr/local/share/fluid-synth/sf2",
    "~/.local/share/soundfonts",
    "~/Library/Audio/Sounds/Banks",
)


def find_soundfont(given: Path | None = None) -> Path:
    """The path of the given sound font, or else of a General MIDI sound font in one of the systems' folders.

    Raises RendererFault, which says how to get one. A given sound font is never replaced by another.
    """
    if given is not None:
        path = given.expanduser()
        if not path.is_file():
            raise RendererFault(f"There is no sound font at {given}. Correct the setting SOUNDFONT or remove it.")
        if not _is_soundfont(path):
            raise RendererFault(f"{given} is not a sound font. Set SOUNDFONT to an .sf2 or .sf3 file, or remove it.")
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
    """The path of the FluidSynth program. Raises RendererFault, which says how to install it."""
    program = shutil.which("fluidsynth")
    if program is None:
        raise RendererFault("FluidSynth is not installed. Run “apt install fluidsynth” or “brew install fluid-synth”.")
    return program


def _is_soundfont(path: Path) -> bool:
    """Whether a file has the header of a sound font: FluidSynth itself does not fail on a file that it cannot read."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head[:4] == b"RIFF" and head[8:] == b"sfbk"
