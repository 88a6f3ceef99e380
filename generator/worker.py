"""The worker: takes jobs from the queue, composes or reads a tune, renders it and stores it. Its process holds the LSTM."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import gc
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from generator.composer.candidates import ComposedTune, Draft
from generator.composer.composer import CANDIDATES, Composer
from generator.composer.models import Models, folders
from generator.notation.reader import read
from generator.notation.writer import write
from generator.play_mode import UNTITLED, score_to_play
from generator.rendering import sandbox
from generator.rendering.audio.sound_font import find_fluidsynth, find_soundfont
from generator.rendering.performance.harmony import with_chord_symbols
from generator.rendering.renderer import Renderer
from generator.rendering.result import NoRoomToRender, RendererFault
from generator.rendering.style import style_of
from generator.tune_files import MEDIA_TYPES, composed_scores, tune_files
from generator.user_messages import UserError
from generator.versions import Version
from storage import tracing
from storage.errors import DATABASE_ERRORS, lacks_room
from storage.queue.jobs import work
from storage.storage import Storage
from storage.tunes import Composition, Status, Tune

PROGRESS_S = 0.25  # between two updates of the number of composed bars
STORE_AGAIN_S, STORE_AGAIN_AT_MOST_S = 0.5, 5.0
MAX_ROWS = 256  # of the composer's batch: more are not faster

log = structlog.get_logger(__name__)


class Worker:
    """Makes several tunes at a time. They share the composer's batch and the renderer's processes."""

    def __init__(self, storage: Storage, models: Models, renderer: Renderer) -> None:
        self.storage, self.models, self.renderer = storage, models, renderer

    async def make(self, tune: Tune) -> None:
        """Makes a tune that was started.

        Stores the error message of a request that cannot be fulfilled. Raises faults of the machine: the job is tried again.
        """
        try:
            await self._make(tune)
        except NoRoomToRender as error:
            raise OSError(errno.ENOSPC, error.message) from error
        except RendererFault:
            raise
        except UserError as error:
            log.info("tune cannot be made", tune=tune.id, reason=error.message)
            await self.storage.fail(tune.id, error.message, starts=tune.starts)

    async def _make(self, tune: Tune) -> None:
        started = time.monotonic()
        if tune.request.mode == "play":
            # In a thread, because a hostile tune takes a tenth of a second to read.
            score, model = await asyncio.to_thread(score_to_play, tune.request), ""
            scores: dict[str, Any] = {}
        else:
            composer = await self._composer(tune.request.model)
            with tracing.step(tune, "composing"):
                composed = await self._compose(tune, composer)
            if composed is None:
                return
            score, model = composed.score, composer.model
            scores = {**composed_scores(composed), "compose_ms": round((time.monotonic() - started) * 1000)}
        score = with_chord_symbols(score) if tune.request.chords else score
        composed_at, abc = time.monotonic(), write(score)
        with suppress(*DATABASE_ERRORS):  # what is composed is kept: `_finish` waits for the database
            bars = len(score.bars)
            if not await self.storage.progress(tune.id, status=Status.RENDERING, bars=bars, draft=abc, starts=tune.starts):
                return
        with tracing.step(tune, "rendering"):
            rendering = await self.renderer.render(score, style_of(tune.request))
        scores["render_ms"] = round((time.monotonic() - composed_at) * 1000)
        notices = (*score.notices, *rendering.notices)
        files = tune_files(tune.request, score, rendering, model=model, scores=scores, notices=notices)
        composition = Composition(
            abc=abc,
            title=score.title or UNTITLED,
            rhythm=score.rhythm,
            key=score.key.abc,
            metre=str(score.metre or ""),
            duration_ms=rendering.duration_ms,
            model=model,
            scores=scores,
            notices=notices,
        )
        contents = {name: (MEDIA_TYPES[name], data) for name, data in files.items()}
        await self._finish(tune, composition, contents)
        log.info("tune finished", tune=tune.id, **scores)

    async def _finish(self, tune: Tune, composition: Composition, contents: dict[str, tuple[str, bytes]]) -> None:
        """Stores the tune, however long the database or the disk takes to come back: making it again would take longer."""
        pause_s = STORE_AGAIN_S
        while True:
            try:
                await self.storage.finish(tune.id, composition, contents, starts=tune.starts)
                return
            except DATABASE_ERRORS as error:
                if lacks_room(error):
                    self.storage.room.note_failure()
                if pause_s == STORE_AGAIN_S:
                    log.warning(
                        "A finished tune could not be stored; trying again until it can be.", tune=tune.id, error=str(error)
                    )
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, STORE_AGAIN_AT_MOST_S)

    async def remake(self, tune_id: str) -> None:
        """Makes the files of a finished tune again, if one is missing or damaged. Raises UserError, and faults of the machine."""
        tune = await self.storage.tune(tune_id)
        if tune is None or tune.composition is None or not await self.storage.remaking.is_needed(tune_id):
            return
        made = tune.composition
        score = await asyncio.to_thread(read, made.abc, all_voices=True)
        rendering = await self.renderer.render(score, style_of(tune.request))
        files = tune_files(tune.request, score, rendering, model=made.model, scores=made.scores, notices=made.notices)
        await self.storage.remaking.replace(tune_id, files)
        log.warning("a tune's files were missing or damaged and are made again", tune=tune_id)

    async def make_version(self, tune_id: str, name: str) -> None:
        """Makes and stores a version of a finished tune. Raises UserError, ValueError, and faults of the machine."""
        tune, version = await self.storage.tune(tune_id), Version.named(name)
        if tune is None or tune.composition is None:
            return
        score = version.score(await asyncio.to_thread(read, tune.composition.abc, all_voices=True))
        style = style_of(tune.request)
        instrument = version.instrument or style.instrument
        style = replace(style, instrument=instrument, heard=version.heard)
        if version.semitones:
            contents = tune_files(tune.request, score, await self.renderer.render(score, style), model="", scores={})
        else:
            recording = await self.renderer.play(score, style)
            contents = {"tune.mp3": recording.mp3, "tune.timemap.json": recording.time_map}
        names = {file: file.replace(name, "tune", 1) for file in version.files}
        stored = {file: (MEDIA_TYPES[own], contents[own]) for file, own in names.items()}
        await self.storage.versions.store(tune_id, stored)

    async def _composer(self, name: str) -> Composer:
        """The composer of a model. A model that cannot be loaded is replaced by the default one and no longer offered."""
        try:
            return await asyncio.to_thread(self.models.composer, name)
        except Exception:
            if name in ("", self.models.default):
                raise
            log.exception("model cannot be loaded; the default model composes", model=name)
            self.models.remove(name)
            return await asyncio.to_thread(self.models.composer)

    async def _compose(self, tune: Tune, composer: Composer) -> ComposedTune | None:
        """Composes a tune and stores its progress. None if the tune is deleted meanwhile."""
        loop = asyncio.get_running_loop()
        latest: Draft | None = None
        changed = asyncio.Event()

        def set_latest(draft: Draft) -> None:
            nonlocal latest
            latest = draft
            changed.set()

        def listener(draft: Draft) -> None:  # runs in the composer's thread
            loop.call_soon_threadsafe(set_latest, draft)

        async def report() -> None:
            """Stores the progress. Returns if the tune is deleted or no longer this worker's."""
            while True:
                await changed.wait()
                changed.clear()
                assert latest is not None
                bars, draft = latest.bars, await asyncio.to_thread(_abc_of, latest)
                with suppress(*DATABASE_ERRORS):  # the next bar tries again
                    if not await self.storage.progress(
                        tune.id, status=Status.COMPOSING, bars=bars, draft=draft, starts=tune.starts
                    ):
                        return
                await asyncio.sleep(PROGRESS_S)

        composing = asyncio.wrap_future(composer.submit(tune.request, listener))
        reporting = asyncio.create_task(report())
        tasks: list[asyncio.Future[Any]] = [composing, reporting]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if composing.done():
                return composing.result()
            await reporting
            log.info("tune was deleted, or taken over, while it was composed", tune=tune.id, bars=latest and latest.bars)
            return None
        finally:
            composing.cancel()  # frees the composer's rows at once
            reporting.cancel()
            with suppress(asyncio.CancelledError):
                await reporting


def _abc_of(draft: Draft) -> str:
    score = draft.score()
    return write(score) if score and score.bars else ""


def _tell_what_the_sandbox_lacks() -> None:
    if lacks := sandbox.missing():
        log.warning("The renderer's sandbox is incomplete.", reason=lacks)


def _return_memory() -> None:
    """Gives the memory that loading has freed back to the system, where the C library can (glibc): about 40 MB."""
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # other systems
        ctypes.CDLL(None).malloc_trim(0)


async def run(
    storage: Storage,
    *,
    slots: int,
    model: Path | None,
    further: Path | None,
    soundfont: Path | None,
    ready: Callable[[], None],
) -> None:
    """Makes tunes until it is cancelled or receives SIGTERM. Calls `ready` before it takes the first job.

    `model` is the folder of the default model, `further` a folder that contains the folders of others; see
    generator.composer.models. Raises WeightsError, and RendererFault if this machine cannot render at all.
    """
    find_fluidsynth()
    renderer = Renderer(soundfont=find_soundfont(soundfont))
    models = Models(folders(model, further), slots=min(slots * CANDIDATES, MAX_ROWS))
    try:
        await asyncio.to_thread(models.composer)  # loads the default model
        storage.room.add("temporary files", Path(tempfile.gettempdir()))
        await storage.room.wait()  # a renderer process needs some
        await renderer.start()
        _tell_what_the_sandbox_lacks()
        for reason in models.unreadable:
            log.warning("model cannot be read", reason=reason)
        async with storage.model_offers.offer(models.descriptions):
            _return_memory()
            log.info("worker ready", models=models.names, slots=slots)
            ready()
            worker = Worker(storage, models, renderer)
            await work(
                storage,
                worker.make,
                concurrency=slots,
                models=models.names,
                remake=worker.remake,
                make_version=worker.make_version,
            )
    finally:
        renderer.close()
        models.close()
