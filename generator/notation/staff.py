"""How a voice is written on its staff: clef, octave and transposition, as the fields `K:` and `V:` state them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from generator.user_messages import UserMessage

_CLEF = re.compile(r"(?:clef=)?(treble|alto|tenor|bass)([1-5]?)([+-]8)?[,']*", re.IGNORECASE)
_SETTING = re.compile(r'(\w+)=("[^"]*"|\S*)')
_PITCH_SETTINGS = {"clef", "octave", "transpose", "sound", "shift", "score", "instrument"}
_LOOKS = {"middle", "m", "stafflines", "name", "nm", "subname", "sname", "snm", "stem", "style", "space", "cue"}
LINES = {"treble": 2, "alto": 3, "tenor": 4, "bass": 4}  # on which the clef stands, counted from below, if no number says so
_OCTAVE_SIGNS = {"+8": 12, "-8": -12}


@dataclass(frozen=True, slots=True)
class Staff:
    """The clef (`treble`, `bass3`, `treble-8` ...) and the semitones by which `transpose=` moves the sound."""

    clef: str = "treble"
    transposition: int = 0

    @property
    def octave_sign(self) -> int:
        """The semitones by which an 8 above or below the clef moves the sound."""
        return _OCTAVE_SIGNS.get(self.clef[-2:], 0)

    @property
    def sounding(self) -> int:
        """Semitones from the written to the sounding pitch."""
        return self.transposition + self.octave_sign

    @property
    def abc(self) -> str:
        """The settings of a `K:` or `V:` field, which are empty for a plain treble clef."""
        clef = f"clef={self.clef}" if self.clef != "treble" else ""
        return " ".join(filter(None, (clef, f"transpose={self.transposition}" if self.transposition else "")))


PLAIN = Staff()


@dataclass(frozen=True, slots=True)
class StaffSettings:
    """What one field states; None and an empty text if it says nothing of the kind."""

    rest: str  # the field without the settings: the key
    clef: str = ""
    transposition: int | None = None
    octave: int | None = None  # by how many octaves the written notes are meant to be higher
    unread: tuple[str, ...] = ()  # names of settings that would change the pitch

    def applied(self, staff: Staff) -> Staff:
        clef, transposition = self.clef or staff.clef, self.transposition
        return replace(staff, clef=clef, transposition=staff.transposition if transposition is None else transposition)


def read_settings(value: str) -> StaffSettings:
    """Reads the settings of a `K:` or `V:` field: `G alto`, `D octave=-1`, `clef=bass transpose=-12 name="Low"`."""
    clef, unread = "", []
    transposition: int | None = None
    octave: int | None = None
    rest = []
    for word in re.findall(r'\w+="[^"]*"|\S+', value):
        setting = _SETTING.fullmatch(word)
        if match := _CLEF.fullmatch(word.replace('"', "")):
            clef = (match[1] + match[2] + (match[3] or "")).lower()
        elif setting is None or setting[1] not in _PITCH_SETTINGS | _LOOKS:
            rest.append(word)  # `Dmix=c` is a key
        elif setting[1] == "octave" and re.fullmatch(r"[+-]?\d", setting[2]):
            octave = int(setting[2])
        elif setting[1] == "transpose" and re.fullmatch(r"[+-]?\d{1,2}", setting[2]):
            transposition = int(setting[2])
        elif setting[1] not in _LOOKS:
            unread.append(setting[1])
    return StaffSettings(" ".join(rest), clef, transposition, octave, tuple(unread))


def unread_notice(names: tuple[str, ...]) -> UserMessage:
    return UserMessage("I left out {names} in the fields K: or V:.", names=", ".join(f"{name}=" for name in names))
