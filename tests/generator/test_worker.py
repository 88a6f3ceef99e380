"""The worker between storage, composer and renderer: which tunes are finished, fail, or are tried again."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog

from generator import worker
from generator.composer.candidates import ComposedTune, Draft
from generator.composer.composer import Composer
from generator.composer.lane import Listener
from generator.composer.models import Models
from generator.composer.weights import amend_card
from generator.notation.reader import read
from generator.notation.score import Score
from generator.rendering import sandbox
from generator.rendering.result import NoRoomToRender, Recording, RendererFault, Rendering, RenderingError
from generator.rendering.style import Style
from generator.request import TuneRequest
from generator.user_messages import UserMessage
from generator.versions import Version
from generator.worker import Worker
from storage import Status, Storage, Tune, Viewer
from storage.errors import DatabaseUnavailable, lacks_room
from tests.generator.composer.untrained import untrained
from tests.patience import HANG_S
from tests.storage.examples import origin, request


class Renderer:
    """A fake renderer, which returns or raises a given outcome. The real one has its own tests."""

    def __init__(self, outcome: Rendering | RenderingError) -> None:
        self.outcome = outcome
        self.scores: list[Score] = []
        self.styles: list[Style] = []

    async def render(self, score: Score, style: Style) -> Rendering:
        self.scores.append(score)
        self.styles.append(style)
        if isinstance(self.outcome, RenderingError):
            raise self.outcome
        return self.outcome

    async def play(self, score: Score, style: Style) -> Recording:
        one = await self.render(score, style)
        return Recording(one.midi, one.mp3, one.time_map, one.notices, one.duration_ms)


def models_with(composer: object) -> SimpleNamespace:
    """A fake of Models that has one composer for all names."""
    return SimpleNamespace(composer=lambda name: composer)


RENDERED = Rendering(
    musicxml=b"<score-partwise/>",
    midi=b"MThd",
    mp3=b"\xff\xfb",
    png=b"PNG",
    svg=b"<svg/>",
    narrow_svg=b"<svg/>",
    time_map=b"[]",
    notices=(UserMessage("The sheet has no sign for !stomp!."),),
    duration_ms=1234,
)


async def started(storage: Storage, tune_id: str) -> Tune:
    tune = await storage.start(tune_id)
    assert tune is not None
    return tune


@pytest.fixture(scope="module")
def composer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composer]:
    folder: Path = tmp_path_factory.mktemp("weights")
    composer = Composer(untrained(folder), slots=2)
    yield composer
    composer.close()


async def test_a_finished_tune_has_its_files_and_its_composition(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(request(seed=5), origin())
    renderer = Renderer(RENDERED)
    await Worker(storage, models_with(composer), renderer).make(await started(storage, tune.id))  # type: ignore[arg-type]
    done = await storage.tune(tune.id)
    assert done is not None and done.composition is not None
    assert (done.status, done.composition.key, done.composition.rhythm) == (Status.FINISHED, "D", "reel")
    assert done.bars == len(renderer.scores[0].bars) > 0
    assert read(done.composition.abc).bars == renderer.scores[0].bars
    assert renderer.styles == [Style(seed=5)]
    assert (await storage.read(tune.id, "tune.abc")).decode() == done.composition.abc
    assert {file.name.partition(".")[2] for file in await storage.files(tune.id)} == {
        "abc", "json", "mid", "mp3", "musicxml", "narrow.svg", "png", "svg", "timemap.json",
    }  # fmt: skip
    assert (done.composition.duration_ms, done.composition.model) == (1234, "untrained")


async def test_a_tune_that_cannot_be_rendered_fails_with_its_message(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(request(), origin())
    renderer = Renderer(RenderingError(UserMessage("Too long. Shorten it.")))
    await Worker(storage, models_with(composer), renderer).make(await started(storage, tune.id))  # type: ignore[arg-type]
    failed = await storage.tune(tune.id)
    assert failed is not None
    assert (failed.status, failed.error) == (Status.FAILED, "Too long. Shorten it.")


async def test_an_opening_that_cannot_be_continued_fails_with_its_message(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(replace(request(), opening="M:5/4\nK:D\nD10|"), origin())
    await Worker(storage, models_with(composer), Renderer(RENDERED)).make(await started(storage, tune.id))  # type: ignore[arg-type]
    failed = await storage.tune(tune.id)
    assert failed is not None and failed.status is Status.FAILED
    assert "5/4" in str(failed.error)


async def test_a_fault_of_the_machine_is_raised_and_the_tune_stays_unfinished(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(request(), origin())
    with pytest.raises(RendererFault):
        await Worker(storage, models_with(composer), Renderer(RendererFault("No font."))).make(await started(storage, tune.id))  # type: ignore[arg-type]
    waiting = await storage.tune(tune.id)
    assert waiting is not None and not waiting.status.over


async def test_a_renderer_without_room_is_a_fault_of_the_disk(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(request(), origin())
    renderer = Renderer(NoRoomToRender("There is no room for temporary files."))
    with pytest.raises(OSError) as failed:
        await Worker(storage, models_with(composer), renderer).make(await started(storage, tune.id))  # type: ignore[arg-type]
    assert lacks_room(failed.value)


class HeldComposer:
    """The real composer, which waits after the first bar for `resume`, and after the second until it is cancelled."""

    model = "held"

    def __init__(self, composer: Composer) -> None:
        self.composer = composer
        self.resume = threading.Event()

    def submit(self, request: TuneRequest, listener: Listener) -> Future[ComposedTune]:
        def pause(draft: Draft) -> None:
            resumed = self.resume.is_set()
            listener(draft)
            self.resume.wait(HANG_S)
            deadline = time.monotonic() + HANG_S
            while resumed and not self.future.cancelled() and time.monotonic() < deadline:
                time.sleep(0.01)

        self.future = self.composer.submit(request, pause)
        return self.future


async def test_deleting_a_tune_while_it_is_composed_stops_it_and_frees_its_rows(
    storage: Storage, composer: Composer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PROGRESS_S", 0.01)
    tune = await storage.add(request(), origin())
    renderer, held = Renderer(RENDERED), HeldComposer(composer)
    async with asyncio.timeout(HANG_S), storage.changes() as changes:
        worker_of_held = Worker(storage, models_with(held), renderer)  # type: ignore[arg-type]
        making = asyncio.create_task(worker_of_held.make(await started(storage, tune.id)))
        async for _ in changes:
            now = await storage.tune(tune.id)
            if now is not None and now.bars:
                assert read(now.draft).bars
                break
        await storage.sharing.delete(tune.id, Viewer("discord", "ann"))
        # The worker notices the deletion with the next bar.
        held.resume.set()
        await making
        assert held.future.cancelled()
        assert renderer.scores == []
        other = await storage.add(request(), origin("2"))
        await Worker(storage, models_with(composer), renderer).make(await started(storage, other.id))  # type: ignore[arg-type]
    done = await storage.tune(other.id)
    assert done is not None and done.status is Status.FINISHED


async def test_a_tune_deleted_before_it_is_rendered_is_not_rendered(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    tune = await storage.add(TuneRequest.check(opening=TO_PLAY, mode="play"), origin())
    making = await started(storage, tune.id)
    await storage.sharing.delete(tune.id, Viewer("discord", "ann"))
    renderer = Renderer(RENDERED)
    await Worker(storage, models_with(NoComposer()), renderer).make(making)  # type: ignore[arg-type]
    assert renderer.scores == []


async def test_a_composed_tune_is_kept_while_the_database_does_not_answer(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unavailable(*arguments: object, **options: object) -> bool:
        raise DatabaseUnavailable("gone")

    tune = await storage.add(TuneRequest.check(opening=TO_PLAY, mode="play"), origin())
    making = await started(storage, tune.id)
    monkeypatch.setattr(storage, "progress", unavailable)
    await Worker(storage, models_with(NoComposer()), Renderer(RENDERED)).make(making)  # type: ignore[arg-type]
    done = await storage.tune(tune.id)
    assert done is not None and done.status is Status.FINISHED


async def test_stopping_the_worker_frees_the_rows_of_the_composer(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(request(), origin())
    held = HeldComposer(composer)
    making = asyncio.create_task(Worker(storage, models_with(held), Renderer(RENDERED)).make(await started(storage, tune.id)))  # type: ignore[arg-type]
    async with asyncio.timeout(HANG_S):
        while not hasattr(held, "future"):
            await asyncio.sleep(0.01)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    held.resume.set()
    assert held.future.cancelled()


class NoComposer:
    """Fails the test when it is used."""

    model = "none"


TO_PLAY = 'X:5\nT:Mine\nM:7/8\nL:1/8\nQ:1/4=150\nK:Dlyd\n"^slowly"DEFG !stomp!ABc|d7|]\n'


async def test_a_tune_to_play_is_rendered_as_written_and_nothing_is_composed(storage: Storage) -> None:
    tune = await storage.add(TuneRequest.check(opening=TO_PLAY, mode="play", seed=3), origin())
    renderer = Renderer(RENDERED)
    await Worker(storage, models_with(NoComposer()), renderer).make(await started(storage, tune.id))  # type: ignore[arg-type]
    done = await storage.tune(tune.id)
    assert done is not None and done.composition is not None
    [score] = renderer.scores
    assert (score.bars, score.key, score.tempo) == (read(TO_PLAY).bars, read(TO_PLAY).key, read(TO_PLAY).tempo)
    composition = done.composition
    assert (composition.title, composition.key, composition.metre, composition.rhythm, composition.model) == (
        "Mine",
        "Dlyd",
        "7/8",
        "",
        "",
    )
    assert read(composition.abc).bars == score.bars
    notices = ["I left out the text above and below the staff.", *RENDERED.notices]
    assert list(composition.notices) == notices
    record = json.loads(await storage.read(tune.id, "tune.json"))
    assert record["request"]["mode"] == "play" and record["notices"] == notices


@pytest.mark.parametrize(
    ("requested", "written", "title"),
    [("", "", "Untitled"), ("", "T:Written\n", "Written"), ("Requested", "T:Written\n", "Requested")],
)
async def test_a_tune_to_play_keeps_its_title_or_gets_the_requested_one(
    storage: Storage, requested: str, written: str, title: str
) -> None:
    tune = await storage.add(
        TuneRequest.check(opening=f"X:1\n{written}M:none\nK:C\nABc|]", mode="play", title=requested), origin()
    )
    await Worker(storage, models_with(NoComposer()), Renderer(RENDERED)).make(await started(storage, tune.id))  # type: ignore[arg-type]
    done = await storage.tune(tune.id)
    assert done is not None and done.composition is not None
    assert (done.composition.title, done.composition.metre) == (title, "")


async def test_a_tune_that_can_no_longer_be_read_fails_with_its_message(storage: Storage) -> None:
    tune = await storage.add(replace(request(), opening="no tune?!", mode="play"), origin())
    await Worker(storage, models_with(NoComposer()), Renderer(RENDERED)).make(await started(storage, tune.id))  # type: ignore[arg-type]
    failed = await storage.tune(tune.id)
    assert failed is not None and failed.status is Status.FAILED and str(failed.error).endswith(".")


async def test_a_model_that_cannot_be_loaded_is_replaced_by_the_default_one_and_no_longer_offered(
    storage: Storage, tmp_path: Path
) -> None:
    for name in ("default", "airs"):
        untrained(tmp_path / name)
        amend_card(tmp_path / name, {"name": name})
    models = Models([tmp_path / "default", tmp_path / "airs"], slots=2)
    amend_card(tmp_path / "airs", {"model": {}})  # the model becomes invalid while the worker runs
    tunes = [await storage.add(replace(request(seed=5), model="airs"), origin(event)) for event in "12"]
    tune_maker = Worker(storage, models, Renderer(RENDERED))  # type: ignore[arg-type]
    try:
        await asyncio.gather(*[tune_maker.make(await started(storage, tune.id)) for tune in tunes])
    finally:
        models.close()
    for tune in tunes:
        done = await storage.tune(tune.id)
        assert done is not None and done.composition is not None
        assert done.composition.model == "default"
    assert list(models.descriptions) == models.names == ["default"]


async def test_files_are_made_again_from_what_is_stored(storage: Storage, composer: Composer, tmp_path: Path) -> None:
    """To the byte, if the renderer renders the same again."""
    tune = await started(storage, (await storage.add(request(seed=5), origin())).id)
    renderer = Renderer(RENDERED)
    tune_maker = Worker(storage, models_with(composer), renderer)  # type: ignore[arg-type]
    await tune_maker.make(tune)
    before = await storage.files(tune.id)
    for path in (tmp_path / "files").glob("*/*"):
        path.unlink()
    await tune_maker.remake(tune.id)
    assert await storage.files(tune.id) == before
    assert not await storage.remaking.is_needed(tune.id)
    assert renderer.scores[0] == renderer.scores[1] and renderer.styles == [Style(seed=5)] * 2


async def test_files_that_are_intact_or_belong_to_an_unfinished_tune_are_not_made_again(
    storage: Storage, composer: Composer
) -> None:
    tune, unfinished = [await started(storage, (await storage.add(request(), origin(event))).id) for event in "12"]
    renderer = Renderer(RENDERED)
    tune_maker = Worker(storage, models_with(composer), renderer)  # type: ignore[arg-type]
    await tune_maker.make(tune)
    for tune_id in (tune.id, unfinished.id, "0123456789ab"):
        await tune_maker.remake(tune_id)
    assert len(renderer.scores) == 1


async def test_a_version_is_stored_beside_the_files_of_its_tune(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(request(seed=5), origin())
    renderer = Renderer(RENDERED)
    worker = Worker(storage, models_with(composer), renderer)  # type: ignore[arg-type]
    await worker.make(await started(storage, tune.id))
    version = Version("flute", 2, "melody")
    await worker.make_version(tune.id, version.name)
    assert {file.name for file in await storage.files(tune.id)} >= {*version.files, "tune.mp3"}
    assert (renderer.scores[1].key.abc, renderer.styles[1]) == ("E", Style(instrument="flute", seed=5, heard="melody"))
    assert "K:E\n" in (await storage.read(tune.id, f"{version.name}.abc")).decode()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has the sandbox")
def test_a_worker_says_what_the_sandbox_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_landlock_version", lambda _: -1)
    with structlog.testing.capture_logs() as logs:
        worker._tell_what_the_sandbox_lacks()
    [said] = logs
    assert said["log_level"] == "warning" and "no Landlock" in said["reason"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has the sandbox")
def test_a_worker_says_nothing_about_a_whole_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_landlock_version", lambda _: 4)
    with structlog.testing.capture_logs() as logs:
        worker._tell_what_the_sandbox_lacks()
    assert logs == []
