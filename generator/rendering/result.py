"""What rendering returns, and the errors it raises."""

from __future__ import annotations

from dataclasses import dataclass

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
class Rendering:
    """One tune in all its file formats."""

    musicxml: bytes
    midi: bytes
    mp3: bytes
    png: bytes
    svg: bytes
    narrow_svg: bytes  # the sheet with two bars in a line, for phones
    time_map: bytes  # JSON, see `time_map`
    notices: tuple[UserMessage, ...]  # see `notices`
    duration_ms: int  # of the recording
