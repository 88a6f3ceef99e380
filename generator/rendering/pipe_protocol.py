"""The messages between a Renderer and its renderer process: frames of bytes, each after its length."""

from __future__ import annotations

import json
import struct
from typing import IO

from generator.rendering.result import RendererFault, Rendering, RenderingError
from generator.user_messages import UserMessage

READY = b"ready"
_LENGTH = struct.Struct("!Q")
_MAX_FRAME = 256 << 20  # bytes
_FORMATS = ("musicxml", "midi", "mp3", "png", "svg", "time_map")


def send(stream: IO[bytes], *frames: bytes) -> None:
    for frame in frames:
        stream.write(_LENGTH.pack(len(frame)))
        stream.write(frame)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """The next frame. Raises EOFError if the other process has ended."""
    (length,) = _LENGTH.unpack(_read(stream, _LENGTH.size))
    if length > _MAX_FRAME:
        raise EOFError
    return _read(stream, length)


def _read(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def send_outcome(stream: IO[bytes], outcome: Rendering | RenderingError) -> None:
    """Sends JSON and plain bytes, not a pickle: a process that reads hostile tunes must not run code in its parent."""
    if isinstance(outcome, RenderingError):
        send(stream, json.dumps({"error": str(outcome), "fault": isinstance(outcome, RendererFault)}).encode())
    else:
        head = {"duration_ms": outcome.duration_ms, "notices": outcome.notices}
        send(stream, json.dumps(head).encode(), *(getattr(outcome, name) for name in _FORMATS))


def receive_outcome(stream: IO[bytes]) -> Rendering | RenderingError:
    head = json.loads(receive(stream))
    if "error" in head:
        return (RendererFault if head["fault"] else RenderingError)(str(head["error"]))
    files = {name: receive(stream) for name in _FORMATS}
    return Rendering(**files, notices=tuple(map(UserMessage, head["notices"])), duration_ms=int(head["duration_ms"]))
