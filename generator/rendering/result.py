"""The result of rendering a tune, and the errors."""

from __future__ import annotations

from dataclasses import dataclass

from generator.user_messages import UserError, UserMessage


class RenderingError(UserError):
    """A tune that cannot be rendered."""


class RendererFault(RenderingError):
    """A fault of the machine, not of the tune: something is missing or broken. Rendering may be retried."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """One tune in every form in which it is posted."""

    musicxml: bytes
    midi: bytes
    mp3: bytes
    png: bytes
    svg: bytes
    timemap: bytes  # JSON, see `timemap`
    notices: tuple[UserMessage, ...]  # what the sheet leaves out
    duration_ms: int  # of the recording
