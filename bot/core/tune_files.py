"""The files that the messages of tunes and sets contain, and those that people get when they ask for more."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import soundfile
import structlog

from bot.core.audio import joined, lossless, shrunk
from bot.core.naming import slug
from bot.core.texts import files as texts
from generator.user_messages import UserMessage
from storage.gallery import numbered
from storage.storage import Storage
from storage.tunes import Tune

log = structlog.get_logger(__name__)

FILES = ("tune.abc", "tune.mp3", "tune.png")  # of a message
MORE_FILES = ("tune.mid", "tune.musicxml", "tune.svg")
FLAC = "tune.flac"


async def read_files(storage: Storage, tune: Tune) -> dict[str, bytes]:
    """The files for the tune's message by their names in storage. Files that the tune lacks are left out."""
    contents = {}
    for name in FILES:
        with contextlib.suppress(KeyError):
            contents[name] = await storage.read(tune.id, name)
    return contents


async def read_set_files(storage: Storage, tunes: Sequence[Tune], *, one_recording: bool, file_limit: int) -> dict[str, bytes]:
    """The ABC of all tunes in one file, recordings, and sheets; recordings have at most `file_limit` bytes if possible."""
    sheets: dict[str, bytes] = {}
    recordings: dict[str, bytes] = {}
    for number, tune in enumerate(tunes, 1):
        for kind, found in (("png", sheets), ("mp3", recordings)):
            with contextlib.suppress(KeyError):
                found[f"{name_in_set(tune, number)}.{kind}"] = await storage.read(tune.id, f"tune.{kind}")
    if one_recording and recordings:
        recordings = {"set.mp3": joined(list(recordings.values()))}
    fitted = {name: await fit_recording(recording, file_limit) for name, recording in recordings.items()}
    return {"set.abc": tunebook(tunes).encode()} | fitted | sheets


@dataclass(frozen=True, slots=True)
class MoreFiles:
    """The files that a message does not contain, by file name, and what to tell about them."""

    files: Mapping[str, bytes]
    notes: Sequence[UserMessage]


async def read_more_files(storage: Storage, tune: Tune, limit: int) -> MoreFiles:
    """The score, the sheet as a drawing, and a lossless recording: FLAC where WAV exceeds `limit` bytes."""
    assert tune.composition is not None
    contents = await _more_files(storage, tune, limit)
    fitting = {file: content for file, content in contents.items() if content is not None and len(content) <= limit}
    too_large = [file for file in contents if file not in fitting]
    notes = [texts.too_large_to_send(too_large)] if too_large else []
    notes += [texts.FLAC_INSTEAD] if FLAC in fitting else []
    notes += [] if contents else [texts.NO_FILES]
    name = slug(tune.composition.title)
    return MoreFiles({f"{name}.{file.partition('.')[2]}": content for file, content in fitting.items()}, notes)


async def _more_files(storage: Storage, tune: Tune, limit: int) -> dict[str, bytes | None]:
    """By their names in storage. None for a recording that fits into the limit only as MP3."""
    contents: dict[str, bytes | None] = {}
    for file in MORE_FILES:
        with contextlib.suppress(KeyError):
            contents[file] = await storage.read(tune.id, file)
    try:
        recording = await asyncio.to_thread(lossless, await storage.read(tune.id, "tune.mp3"), limit)
    except (KeyError, soundfile.LibsndfileError) as error:
        log.warning("Could not make a lossless recording.", tune=tune.id, reason=repr(error))
        return contents
    suffix, content = recording or ("wav", None)
    return contents | {f"tune.{suffix}": content}


async def fit_recording(recording: bytes, limit: int) -> bytes:
    """The recording, compressed further if it has more bytes than the limit and that is possible."""
    smaller: bytes | None = await asyncio.to_thread(shrunk, recording, limit)
    return smaller or recording


def name_in_set(tune: Tune, number: int) -> str:
    """The name of its files, without a suffix."""
    assert tune.composition is not None
    return f"{number}-{slug(tune.composition.title)}"


def tunebook(tunes: Sequence[Tune]) -> str:
    """The ABC of all tunes."""
    return numbered(tune.composition.abc for tune in tunes if tune.composition)
