"""The messages between a Renderer and its renderer process: frames of bytes, each after its length."""

from __future__ import annotations

import json
import struct
from io import FileIO
from string import Formatter
from typing import IO, Any

from generator.rendering.result import NoRoomToRender, Recording, RendererFault, RenderingError, Sheet
from generator.user_messages import UserMessage, message_as_dict

READY = b"ready"
_LENGTH = struct.Struct("!Q")
_MAX_FRAME = 256 << 20  # bytes
_ERRORS = {error.__name__: error for error in (RenderingError, RendererFault, NoRoomToRender)}
_SHEET = ("musicxml", "png", "svg", "narrow_svg")
_RECORDING = ("midi", "mp3", "time_map")

Outcome = Sheet | Recording | RenderingError


def send(stream: IO[bytes], *frames: bytes) -> None:
    for frame in frames:
        stream.write(_LENGTH.pack(len(frame)))
        stream.write(frame)
    stream.flush()


def receive(stream: IO[bytes] | FileIO) -> bytes:
    """The next frame. Raises EOFError if the other process has ended."""
    (length,) = _LENGTH.unpack(_read(stream, _LENGTH.size))
    if length > _MAX_FRAME:
        raise EOFError
    return _read(stream, length)


def _read(stream: IO[bytes] | FileIO, size: int) -> bytes:
    data = b""
    while len(data) < size:  # an unbuffered stream may return fewer bytes than requested
        more = stream.read(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def send_outcome(stream: IO[bytes], outcome: Outcome) -> None:
    """Sends JSON and plain bytes, not a pickle: a process that reads hostile tunes must not run code in its parent."""
    if isinstance(outcome, RenderingError):
        head: dict[str, Any] = {"error": message_as_dict(outcome.message), "type": type(outcome).__name__}
        send(stream, json.dumps(head).encode())
        return
    head = {"notices": [message_as_dict(notice) for notice in outcome.notices]}
    if isinstance(outcome, Recording):
        head["duration_ms"] = outcome.duration_ms
    formats = _RECORDING if isinstance(outcome, Recording) else _SHEET
    send(stream, json.dumps(head).encode(), *(getattr(outcome, name) for name in formats))


def receive_outcome(stream: IO[bytes]) -> Outcome:
    """What `send_outcome` sent. Raises ValueError if the other process sent something else."""
    frame = receive(stream)
    try:
        head = json.loads(frame)
        if "error" in head:
            return _ERRORS[head["type"]](_message(head["error"]))
        notices = tuple(map(_message, head["notices"]))
        duration_ms = int(head["duration_ms"]) if "duration_ms" in head else None
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError) as error:
        raise ValueError("the renderer process sent nonsense") from error
    if duration_ms is None:
        return Sheet(**{name: receive(stream) for name in _SHEET}, notices=notices)
    return Recording(**{name: receive(stream) for name in _RECORDING}, notices=notices, duration_ms=duration_ms)


def _message(stored: Any) -> UserMessage:
    """A message from a process that may have been taken over.

    A template field such as `{name.__init__.__globals__}` would put secrets of this process into a text that users see.
    """
    _check_fields(stored)
    return UserMessage.from_dict(stored)


def _check_fields(stored: Any) -> None:
    """Raises ValueError if a template, at any depth, has a field other than `{name}` or `{name:,}`."""
    match stored:
        case {"text": template}:
            values = stored.get("values", {})
            for form in (template, stored.get("plural", "")):
                if not isinstance(form, str):
                    raise TypeError("a template is not text")
                for _, field, specification, conversion in Formatter().parse(form) if values else ():
                    if field is not None and (not field.isidentifier() or specification not in ("", ",") or conversion):
                        raise ValueError("the renderer process sent a template with a forbidden field")
            for value in values.values():
                _check_fields(value)
        case {"one_of": names} | {"all_of": names}:
            for name in names:
                _check_fields(name)
