"""Converts recordings: makes them smaller, joins them, or decodes them to lossless files."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import lameenc
import soundfile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# kbit/s and channels, best first. At low bit rates LAME also lowers the sample rate.
STEPS = ((128, 2), (96, 2), (64, 2), (48, 1), (32, 1), (16, 1))
PADDING_FRAMES = 4  # MP3 frames of 26 ms that LAME adds around the sound
_BLOCK = 1 << 16  # sample frames decoded at a time, so that a long recording isn't in memory as a whole
_QUALITY = 7  # LAME's scale, 0 best and slowest


def shrunk(mp3: bytes, limit: int) -> bytes | None:
    """Re-encodes the MP3 to at most `limit` bytes at the highest bit rate that fits, with its tag. None if none fits.

    Takes seconds: call it in a thread.
    """
    if len(mp3) <= limit:
        return mp3
    tag = mp3[: _tag_bytes(mp3)]
    try:
        with soundfile.SoundFile(io.BytesIO(mp3)) as recording:
            seconds = recording.frames / recording.samplerate + PADDING_FRAMES * 0.026
            for kbps, channels in STEPS:
                if len(tag) + seconds * kbps * 125 <= limit:
                    smaller = tag + _encoded(recording, kbps, min(channels, recording.channels))
                    if len(smaller) <= limit:
                        return smaller
    except soundfile.LibsndfileError:
        return None  # not a readable MP3
    return None


def joined(mp3s: Sequence[bytes]) -> bytes:
    """Concatenates MP3s of the same sample rate and channels without re-encoding, with the tag of the first."""
    first, *others = mp3s
    return first + b"".join(mp3[_tag_bytes(mp3) :] for mp3 in others)


def lossless(mp3: bytes, limit: int) -> tuple[str, bytes] | None:
    """The MP3 decoded to ("wav", bytes), or ("flac", bytes) if only that fits into `limit` bytes. None if neither fits.

    Takes a few tenths of a second for a minute of music; raises soundfile.LibsndfileError if it is not a readable MP3.
    """
    for ending in ("wav", "flac"):
        content = io.BytesIO()
        with (
            soundfile.SoundFile(io.BytesIO(mp3)) as recording,
            soundfile.SoundFile(content, "w", recording.samplerate, recording.channels, "PCM_16", format=ending) as written,
        ):
            for block in _blocks(recording):
                written.write(block)
                if content.tell() > limit:  # stop, so that it doesn't fill the memory
                    break
        if len(found := content.getvalue()) <= limit:
            return ending, found
    return None


def _encoded(recording: soundfile.SoundFile, kbps: int, channels: int) -> bytes:
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(kbps)
    encoder.set_in_sample_rate(recording.samplerate)
    encoder.set_channels(channels)
    encoder.set_quality(_QUALITY)
    encoder.silence()
    recording.seek(0)
    encoded = bytearray()
    for block in _blocks(recording):
        samples = block if block.shape[1] == channels else block.mean(axis=1).astype("int16")
        encoded += encoder.encode(samples.tobytes())
    return bytes(encoded + encoder.flush())


def _blocks(recording: soundfile.SoundFile) -> Iterator[NDArray[np.int16]]:
    """All samples in blocks of shape (frames, channels).

    Not SoundFile.blocks: it relies on the number of frames, which for an MP3 is a little too large, so that its last block
    would end with sound of the block before.
    """
    while len(block := recording.read(_BLOCK, dtype="int16", always_2d=True)):
        yield block


def _tag_bytes(mp3: bytes) -> int:
    """The length of an ID3v2 tag in bytes, 0 if there is none. Its size field has seven bits per byte."""
    if mp3[:3] != b"ID3" or len(mp3) < 10:
        return 0
    return 10 + sum(byte << shift for byte, shift in zip(mp3[6:10], (21, 14, 7, 0), strict=True))
