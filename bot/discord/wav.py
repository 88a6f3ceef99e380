"""A recording as it can be cut and mixed: WAV, from the MP3 that is kept."""

from __future__ import annotations

import io

import soundfile

RATE, CHANNELS, SAMPLE_BYTES = 44_100, 2, 2  # Hz; as the MP3 was made


def wav(mp3: bytes) -> bytes:
    """Takes a tenth of a second for a minute of music; raises soundfile.LibsndfileError for what is no recording."""
    samples, rate = soundfile.read(io.BytesIO(mp3), dtype="int16", always_2d=True)
    content = io.BytesIO()
    soundfile.write(content, samples, rate, format="WAV", subtype="PCM_16")
    return content.getvalue()


def wav_size(duration_ms: int) -> int:
    """About how many bytes it comes to."""
    return duration_ms * RATE * CHANNELS * SAMPLE_BYTES // 1000
