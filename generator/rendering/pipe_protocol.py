"""How a renderer and its process talk: byte strings with their lengths before them."""

from __future__ import annotations

import json
import struct
from typing import IO

from generator.rendering.result import RendererFault, Rendering, RenderingError
from generator.user_messages import UserMessage, message_as_dict

READY = b"ready"
_LENGTH = struct.Struct("!Q")
_MAX_FRAME = 256 << 20
_FORMS = ("musicxml", "midi", "mp3", "png", "svg", "timemap")


def send(stream: IO[bytes], *frames: bytes) -> None:
    for frame in frames:
        stream.write(_LENGTH.pack(len(frame)))
        stream.write(frame)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """The next frame; raises EOFError when the other side is gone."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > _MAX_FRAME:
        raise EOFError
    return _exactly(stream, length)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def send_outcome(stream: IO[bytes], outcome: Rendering | RenderingError) -> None:
    """JSON and plain bytes, no pickle: what reads hostile tunes is not to be trusted with its parent's interpreter."""
    if isinstance(outcome, RenderingError):
        send(
            stream, json.dumps({"error": message_as_dict(outcome.message), "fault": isinstance(outcome, RendererFault)}).encode()
        )
    else:
        head = {"duration_ms": outcome.duration_ms, "notices": [notice.as_dict() for notice in outcome.notices]}
        send(stream, json.dumps(head).encode(), *(getattr(outcome, form) for form in _FORMS))


def receive_outcome(stream: IO[bytes]) -> Rendering | RenderingError:
    head = json.loads(receive(stream))
    if "error" in head:
        return (RendererFault if head["fault"] else RenderingError)(UserMessage.from_dict(head["error"]))
    forms = {form: receive(stream) for form in _FORMS}
    return Rendering(**forms, notices=tuple(map(UserMessage.from_dict, head["notices"])), duration_ms=int(head["duration_ms"]))
