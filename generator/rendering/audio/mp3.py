"""Samples → MP3 (LAME), with an ID3 tag for media players."""

from __future__ import annotations

import lameenc
import numpy as np
from numpy.typing import NDArray

from generator.rendering.audio.mastering import RATE

BITRATE = 160  # kbit/s; LAME is a fifth faster at it than at 128
DELAY_MS = 25  # of silence that LAME inserts before the sound: 1,105 frames
_QUALITY = 7  # LAME's scale, 0 best and slowest; 5 takes nearly twice as long


def encode_mp3(samples: NDArray[np.int16], *, title: str = "", artist: str = "Tunesmith", comment: str = "") -> bytes:
    """The MP3 of samples of shape (frames, 2) at 44.1 kHz.

    The bit rate is constant: with a variable one, players only guess the length.
    """
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(BITRATE)
    encoder.set_in_sample_rate(RATE)
    encoder.set_channels(2)
    encoder.set_quality(_QUALITY)
    encoder.silence()
    return _tag(title, artist, comment) + bytes(encoder.encode(samples.tobytes())) + bytes(encoder.flush())


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
