"""What rendering returns, and the errors it raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from generator.user_messages import UserError, UserMessage


class RenderingError(UserError):
    """A tune that cannot be rendered."""


class RendererFault(RenderingError):
    """A fault of the machine, not of the tune: something is missing or crashed. The tune may be tried again.

    `message` is English text for the operator.
    """


class NoRoomToRender(RendererFault):
    """There is no room for the renderer's temporary files."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A tune as it is written."""

    musicxml: bytes
    png: bytes
    svg: bytes
    narrow_svg: bytes  # the sheet with two bars in a line, for phones
    notices: tuple[UserMessage, ...]  # see `notices`


@dataclass(frozen=True, slots=True)
class Recording:
    """A tune as it is played."""

    midi: bytes
    mp3: bytes
    time_map: bytes  # JSON, see `time_map`
    notices: tuple[UserMessage, ...]
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Rendering:
    """One tune in all its file formats."""

    musicxml: bytes
    midi: bytes
    mp3: bytes
    png: bytes
    svg: bytes
    narrow_svg: bytes
    time_map: bytes
    notices: tuple[UserMessage, ...]
    duration_ms: int

    @classmethod
    def of(cls, sheet: Sheet, recording: Recording) -> Self:
        return cls(
            musicxml=sheet.musicxml, png=sheet.png, svg=sheet.svg, narrow_svg=sheet.narrow_svg,
            midi=recording.midi, mp3=recording.mp3, time_map=recording.time_map, duration_ms=recording.duration_ms,
            notices=sheet.notices + recording.notices,
        )  # fmt: skip
