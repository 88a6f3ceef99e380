"""What a worker does to a tune, for tests that act as the worker."""

from __future__ import annotations

from typing import Any

from storage.storage import Storage
from storage.tunes import Composition, Status

ABC = "X:1\nT:The Loopback\nR:reel\nM:4/4\nL:1/8\nK:Ador\n|:EAAB c2Bc|dBAB G2EG|EAAB c2Bc|dBGB A4:|\n"
FILES = {
    "tune.abc": ("text/vnd.abc", ABC.encode()),
    "tune.mp3": ("audio/mpeg", b"ID3" + bytes(4_000)),
    "tune.png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "tune.mid": ("audio/midi", b"MThd"),
}


async def compose(storage: Storage, tune_id: str, **changes: Any) -> None:
    """Takes the tune from the first bar to the files. `changes` are fields of its Composition."""
    assert await storage.start(tune_id)
    await storage.progress(tune_id, status=Status.COMPOSING, bars=8)
    await storage.progress(tune_id, status=Status.RENDERING, bars=16)
    made: dict[str, Any] = {
        "abc": ABC, "title": "The Loopback", "rhythm": "reel", "key": "Ador", "metre": "4/4",
        "duration_ms": 2_000, "model": "test lstm", "scores": {},
    }  # fmt: skip
    await storage.finish(tune_id, Composition(**made | changes), FILES)
