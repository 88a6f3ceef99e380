"""What rendering gives, or the sentence that says why it does not."""

from __future__ import annotations

from dataclasses import dataclass

from generator.user_messages import UserMessage


class RenderingError(Exception):
    """A tune that cannot be rendered: the message is the sentence to show."""


class RendererFault(RenderingError):
    """The machine's fault, not the tune's: something is missing or broke down, and the tune may be tried again."""


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
