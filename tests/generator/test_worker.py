"""The worker between storage, composer and renderer: what is finished, what fails for good, what is tried again."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from generator import worker
from generator.composer.candidates import ComposedTune
from generator.composer.composer import Composer
from generator.composer.models import Models
from generator.composer.weights import amend_card
from generator.notation.reader import read
from generator.notation.score import Score
from generator.rendering.result import RendererFault, Rendering, RenderingError
from generator.rendering.style import Style
from generator.request import TuneRequest
from generator.user_messages import UserMessage
from generator.worker import Worker
from storage import Status, Storage, Tune, Viewer
from tests.generator.composer.untrained import untrained
from tests.patience import HANG_S
from tests.storage.examples import origin, request


class Renderer:
    """In the place of the real one, which has its own tests: gives or raises what it was told."""

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


def only(composer: object) -> SimpleNamespace:
    """In the place of Models: one composer, whatever is asked for."""
    return SimpleNamespace(composer=lambda name: composer)


RENDERED = Rendering(
    musicxml=b"<score-partwise/>",
    midi=b"MThd",
    mp3=b"\xff\xfb",
    png=b"PNG",
    svg=b"<svg/>",
    timemap=b"[]",
    notices=(UserMessage("The sheet has no sign for !stomp!."),),
    duration_ms=1234,
)


@pytest.fixture(scope="module")
def composer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composer]:
    folder: Path = tmp_path_factory.mktemp("weights")
    composer = Composer(untrained(folder), slots=2)
    yield composer
    composer.close()


async def test_a_finished_tune_holds_its_files_and_how_it_was_made(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(request(seed=5), origin())
    renderer = Renderer(RENDERED)
    await Worker(storage, only(composer), renderer).make(tune.id)  # type: ignore[arg-type]
    done = await storage.tune(tune.id)
    assert done is not None and done.composition is not None
    assert (done.status, done.composition.key, done.composition.rhythm) == (Status.FINISHED, "D", "reel")
    assert done.bars == len(renderer.scores[0].bars) > 0
    assert read(done.composition.abc).bars == renderer.scores[0].bars
    assert renderer.styles == [Style(seed=5)]
    assert (await storage.read(tune.id, "tune.abc")).decode() == done.composition.abc
    assert {file.name.partition(".")[2] for file in await storage.files(tune.id)} == {
        "abc", "json", "mid", "mp3", "musicxml", "png", "svg", "timemap.json",
    }  # fmt: skip
    assert (done.composition.duration_ms, done.composition.model) == (1234, "untrained")


async def test_a_tune_that_cannot_be_rendered_fails_with_its_sentence(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(request(), origin())
    await Worker(storage, only(composer), Renderer(RenderingError("Too long. Shorten it."))).make(tune.id)  # type: ignore[arg-type]
    failed = await storage.tune(tune.id)
    assert failed is not None
    assert (failed.status, failed.error) == (Status.FAILED, "Too long. Shorten it.")


async def test_an_opening_that_cannot_be_gone_on_from_fails_with_its_sentence(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(replace(request(), opening="M:5/4\nK:D\nD10|"), origin())
    await Worker(storage, only(composer), Renderer(RENDERED)).make(tune.id)  # type: ignore[arg-type]
    failed = await storage.tune(tune.id)
    assert failed is not None and failed.status is Status.FAILED
    assert "5/4" in str(failed.error)


async def test_the_machines_own_fault_is_left_to_be_tried_again(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(request(), origin())
    with pytest.raises(RendererFault):
        await Worker(storage, only(composer), Renderer(RendererFault("No font."))).make(tune.id)  # type: ignore[arg-type]
    waiting = await storage.tune(tune.id)
    assert waiting is not None and not waiting.status.over


async def test_a_finished_tune_is_not_made_again(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(request(), origin())
    renderer = Renderer(RENDERED)
    maker = Worker(storage, only(composer), renderer)  # type: ignore[arg-type]
    await maker.make(tune.id)
    await maker.make(tune.id)
    assert len(renderer.scores) == 1


class HeldComposer:
    """The real one, held up after its first bar until the test lets it go on, and after its second until it is cancelled."""

    model = "held"

    def __init__(self, composer: Composer) -> None:
        self.composer = composer
        self.go_on = threading.Event()

    def submit(self, wish: TuneRequest, listener: Callable[[int], None]) -> Future[ComposedTune]:
        def listen(bars: int) -> None:
            gone_on = self.go_on.is_set()
            listener(bars)
            self.go_on.wait(HANG_S)
            until = time.monotonic() + HANG_S
            while gone_on and not self.future.cancelled() and time.monotonic() < until:
                time.sleep(0.01)

        self.future = self.composer.submit(wish, listen)
        return self.future


async def test_a_tune_that_is_deleted_while_it_is_composed_is_left_and_its_rows_come_free(
    storage: Storage, composer: Composer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PROGRESS_S", 0.01)
    tune = await storage.add(request(), origin())
    renderer, held = Renderer(RENDERED), HeldComposer(composer)
    making = asyncio.create_task(Worker(storage, only(held), renderer).make(tune.id))  # type: ignore[arg-type]
    async with asyncio.timeout(HANG_S), storage.changes() as changes:
        async for _ in changes:
            now = await storage.tune(tune.id)
            if now is not None and now.bars:
                break
        await storage.sharing.delete(tune.id, Viewer("discord", "ann"))
        # What it writes from now on nobody wants; it hears so with the next bar.
        held.go_on.set()
        await making
        assert held.future.cancelled()
        assert renderer.scores == []
        other = await storage.add(request(), origin("2"))
        await Worker(storage, only(composer), renderer).make(other.id)  # type: ignore[arg-type]
    done = await storage.tune(other.id)
    assert done is not None and done.status is Status.FINISHED


async def test_a_tune_that_is_deleted_before_it_is_rendered_is_not_rendered(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune = await storage.add(TuneRequest.check(opening=TO_PLAY, mode="play"), origin())
    start = storage.start

    async def start_and_delete(tune_id: str) -> Tune | None:
        started = await start(tune_id)
        await storage.sharing.delete(tune_id, Viewer("discord", "ann"))
        return started

    monkeypatch.setattr(storage, "start", start_and_delete)
    renderer = Renderer(RENDERED)
    await Worker(storage, only(NoComposer()), renderer).make(tune.id)  # type: ignore[arg-type]
    assert renderer.scores == []


async def test_a_worker_that_is_stopped_gives_the_composers_rows_back(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(request(), origin())
    held = HeldComposer(composer)
    making = asyncio.create_task(Worker(storage, only(held), Renderer(RENDERED)).make(tune.id))  # type: ignore[arg-type]
    async with asyncio.timeout(HANG_S):
        while not hasattr(held, "future"):
            await asyncio.sleep(0.01)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    held.go_on.set()
    assert held.future.cancelled()


class NoComposer:
    """Whoever asks it for anything fails the test."""

    model = "none that plays"


TO_PLAY = 'X:5\nT:Mine\nM:7/8\nL:1/8\nQ:1/4=150\nK:Dlyd\n"^slowly"DEFG !stomp!ABc|d7|]\n'


async def test_a_tune_to_play_is_rendered_as_it_stands_and_nothing_is_composed(storage: Storage) -> None:
    wish = TuneRequest.check(opening=TO_PLAY, mode="play", seed=3)
    tune = await storage.add(wish, origin())
    renderer = Renderer(RENDERED)
    await Worker(storage, only(NoComposer()), renderer).make(tune.id)  # type: ignore[arg-type]
    done = await storage.tune(tune.id)
    assert done is not None and done.composition is not None
    [score] = renderer.scores
    assert (score.bars, score.key, score.tempo) == (read(TO_PLAY).bars, read(TO_PLAY).key, read(TO_PLAY).tempo)
    made = done.composition
    assert (made.title, made.key, made.metre, made.rhythm, made.model) == ("Mine", "Dlyd", "7/8", "", "")
    assert read(made.abc).bars == score.bars
    notices = ["I left out the text above and below the staff.", *RENDERED.notices]
    assert list(made.notices) == notices
    record = json.loads(await storage.read(tune.id, "tune.json"))
    assert record["request"]["mode"] == "play" and record["notices"] == notices


@pytest.mark.parametrize(
    ("asked", "written", "title"),
    [("", "", "Untitled"), ("", "T:Its own\n", "Its own"), ("Asked", "T:Its own\n", "Asked")],
)
async def test_a_tune_to_play_keeps_its_title_or_gets_the_one_that_was_asked_for(
    storage: Storage, asked: str, written: str, title: str
) -> None:
    tune = await storage.add(TuneRequest.check(opening=f"X:1\n{written}M:none\nK:C\nABc|]", mode="play", title=asked), origin())
    await Worker(storage, only(NoComposer()), Renderer(RENDERED)).make(tune.id)  # type: ignore[arg-type]
    done = await storage.tune(tune.id)
    assert done is not None and done.composition is not None
    assert (done.composition.title, done.composition.metre) == (title, "")


async def test_a_tune_that_can_no_longer_be_read_fails_with_its_sentence(storage: Storage) -> None:
    tune = await storage.add(replace(request(), opening="no tune?!", mode="play"), origin())
    await Worker(storage, only(NoComposer()), Renderer(RENDERED)).make(tune.id)  # type: ignore[arg-type]
    failed = await storage.tune(tune.id)
    assert failed is not None and failed.status is Status.FAILED and str(failed.error).endswith(".")


async def test_what_asks_for_a_model_that_cannot_be_loaded_is_composed_by_the_usual_one_and_it_is_offered_no_more(
    storage: Storage, tmp_path: Path
) -> None:
    for name in ("usual", "airs"):
        untrained(tmp_path / name)
        amend_card(tmp_path / name, {"name": name})
    models = Models([tmp_path / "usual", tmp_path / "airs"], slots=2)
    amend_card(tmp_path / "airs", {"model": {}})  # it breaks while the worker runs
    tunes = [await storage.add(replace(request(seed=5), model="airs"), origin(event)) for event in "12"]
    maker = Worker(storage, models, Renderer(RENDERED))  # type: ignore[arg-type]
    try:
        await asyncio.gather(*(maker.make(tune.id) for tune in tunes))
    finally:
        models.close()
    for tune in tunes:
        done = await storage.tune(tune.id)
        assert done is not None and done.composition is not None
        assert done.composition.model == "usual"
    assert list(models.descriptions) == models.names == ["usual"]
