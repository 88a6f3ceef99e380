"""Samples → MP3 (LAME), with an ID3 tag for media players."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import lameenc
import numpy as np
from numpy.typing import NDArray

from generator.rendering.audio.mastering import RATE

BITRATE = 160  # kbit/s; LAME is a fifth faster at it than at 128
DELAY_MS = 35  # of silence that LAME inserts before the sound: 1,105 frames
_FRAME = 1_152  # samples
_SIDE = 36  # bytes of a frame's header and side information; main data follow
_OVERLAP = 28  # frames that both halves have
_SETTLED = 16  # frames after which an encoder no longer depends on where it began
_QUALITY = 7  # LAME's scale, 0 best and slowest; 5 takes nearly twice as long


def encode_mp3(samples: NDArray[np.int16], *, title: str = "", artist: str = "Tunesmith", comment: str = "") -> bytes:
    """The MP3 of samples of shape (frames, 2) at RATE. Two threads encode it.

    The bit rate is constant: with a variable one, players only guess the length.
    """
    return _tag(title, artist, comment) + (_encode_halves(samples) or _encode(samples))


def _encode_halves(samples: NDArray[np.int16]) -> bytes | None:
    start = len(samples) // 2 // _FRAME
    with ThreadPoolExecutor(max_workers=1) as executor:
        first = executor.submit(_encode, samples[: (start + _OVERLAP) * _FRAME])
        second = _encode(samples[start * _FRAME :])
        return join(first.result(), second, start)


def _encode(samples: NDArray[np.int16]) -> bytes:
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(BITRATE)
    encoder.set_in_sample_rate(RATE)
    encoder.set_channels(2)
    encoder.set_quality(_QUALITY)
    encoder.silence()
    return bytes(encoder.encode(samples.tobytes())) + bytes(encoder.flush())


def join(first: bytes, second: bytes, start: int) -> bytes | None:
    """Joins MP3 data without a gap, `second` being that of the same samples from frame number `start` on.

    They overlap by _OVERLAP frames. The main data of a frame begin up to 511 bytes before its header, among the main data of the
    frames before (the bit reservoir, ISO 11172-3, 2.4.3.4). Where `second` goes on, the last bytes of `first` are replaced by
    those of `second`: `first` keeps at least as many there for its own next frame. None if there is no such frame.
    """
    frames, following = _frames(first)[start:], _frames(second)
    for number in range(_SETTLED, min(_OVERLAP, len(frames), len(following))):
        end, kept = frames[number]
        goes_on, reservoir = following[number]
        if reservoir <= kept:
            joined = bytearray(first[:end])
            places, sources = _main_data(frames[: number + 1]), _main_data(following[: number + 1])
            for back in range(1, reservoir + 1):
                joined[places[-back]] = second[sources[-back]]
            return bytes(joined) + second[goes_on:]
    return None


def _frames(data: bytes) -> list[tuple[int, int]]:
    """The position of each frame's header, and how many bytes before it its main data begin."""
    found, position = [], 0
    while position + _SIDE < len(data):
        found.append((position, data[position + 4] << 1 | data[position + 5] >> 7))
        position += 144_000 * BITRATE // RATE + (data[position + 2] >> 1 & 1)
    return found


def _main_data(frames: Sequence[tuple[int, int]]) -> list[int]:
    """The position of each byte of main data between the first and the last of these frames."""
    return [place for (begin, _), (end, _) in pairwise(frames) for place in range(begin + _SIDE, end)]


def _tag(title: str, artist: str, comment: str) -> bytes:
    """An ID3 tag of version 2.3, which every player reads, with texts in UTF-16."""
    frames = b"".join(_frame(name, b"\1" + _utf16(text)) for name, text in (("TIT2", title), ("TPE1", artist)) if text)
    if comment:
        frames += _frame("COMM", b"\1eng" + _utf16("") + b"\0\0" + _utf16(comment))
    size = bytes(len(frames) >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + frames


def _frame(name: str, body: bytes) -> bytes:
    return name.encode() + len(body).to_bytes(4, "big") + b"\0\0" + body


def _utf16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le", "replace")
