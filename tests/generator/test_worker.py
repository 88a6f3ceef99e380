"""The worker between storage, composer and renderer: what is finished, what fails for good, what is tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from generator.composer.composer import Composer
from generator.notation.reader import read
from generator.notation.score import Score
from generator.rendering.result import RendererFault, Rendering, RenderingError
from generator.rendering.style import Style
from generator.request import TuneRequest
from generator.worker import Worker
from storage import Status, Storage
from tests.generator.composer.untrained import untrained
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


RENDERED = Rendering(
    musicxml=b"<score-partwise/>",
    midi=b"MThd",
    mp3=b"\xff\xfb",
    png=b"PNG",
    svg=b"<svg/>",
    timemap=b"[]",
    left_out=("The sheet has no sign for !stomp!.",),
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
    await Worker(storage, composer, renderer).make(tune.id)  # type: ignore[arg-type]
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
    await Worker(storage, composer, Renderer(RenderingError("Too long. Shorten it."))).make(tune.id)  # type: ignore[arg-type]
    failed = await storage.tune(tune.id)
    assert failed is not None
    assert (failed.status, failed.error) == (Status.FAILED, "Too long. Shorten it.")


async def test_an_opening_that_cannot_be_gone_on_from_fails_with_its_sentence(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(replace(request(), opening="M:5/4\nK:D\nD10|"), origin())
    await Worker(storage, composer, Renderer(RENDERED)).make(tune.id)  # type: ignore[arg-type]
    failed = await storage.tune(tune.id)
    assert failed is not None and failed.status is Status.FAILED
    assert "5/4" in str(failed.error)


async def test_the_machines_own_fault_is_left_to_be_tried_again(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(request(), origin())
    with pytest.raises(RendererFault):
        await Worker(storage, composer, Renderer(RendererFault("No font."))).make(tune.id)  # type: ignore[arg-type]
    waiting = await storage.tune(tune.id)
    assert waiting is not None and not waiting.status.over


async def test_a_finished_tune_is_not_made_again(storage: Storage, composer: Composer) -> None:
    tune = await storage.add(request(), origin())
    renderer = Renderer(RENDERED)
    worker = Worker(storage, composer, renderer)  # type: ignore[arg-type]
    await worker.make(tune.id)
    await worker.make(tune.id)
    assert len(renderer.scores) == 1


class NoComposer:
    """Whoever asks it for anything fails the test."""

    model = "none that plays"


TO_PLAY = 'X:5\nT:Mine\nM:7/8\nL:1/8\nQ:1/4=150\nK:Dlyd\n"^slowly"DEFG !stomp!ABc|d7|]\n'


async def test_a_tune_to_play_is_rendered_as_it_stands_and_nothing_is_composed(storage: Storage) -> None:
    wish = TuneRequest.check(opening=TO_PLAY, mode="play", seed=3)
    tune = await storage.add(wish, origin())
    renderer = Renderer(RENDERED)
    await Worker(storage, NoComposer(), renderer).make(tune.id)  # type: ignore[arg-type]
    done = await storage.tune(tune.id)
    assert done is not None and done.composition is not None
    [score] = renderer.scores
    assert (score.bars, score.key, score.tempo) == (read(TO_PLAY).bars, read(TO_PLAY).key, read(TO_PLAY).tempo)
    made = done.composition
    assert (made.title, made.key, made.metre, made.rhythm, made.model) == ("Mine", "Dlyd", "7/8", "", "")
    assert read(made.abc).bars == score.bars
    notices = ["Text above and below the staff was left out.", *RENDERED.left_out]
    assert made.scores["notices"] == notices
    record = json.loads(await storage.read(tune.id, "tune.json"))
    assert record["request"]["mode"] == "play" and record["scores"]["notices"] == notices


@pytest.mark.parametrize(
    ("asked", "written", "title"),
    [("", "", "Untitled"), ("", "T:Its own\n", "Its own"), ("Asked", "T:Its own\n", "Asked")],
)
async def test_a_tune_to_play_keeps_its_title_or_gets_the_one_that_was_asked_for(
    storage: Storage, asked: str, written: str, title: str
) -> None:
    tune = await storage.add(TuneRequest.check(opening=f"X:1\n{written}M:none\nK:C\nABc|]", mode="play", title=asked), origin())
    await Worker(storage, NoComposer(), Renderer(RENDERED)).make(tune.id)  # type: ignore[arg-type]
    done = await storage.tune(tune.id)
    assert done is not None and done.composition is not None
    assert (done.composition.title, done.composition.metre) == (title, "")


async def test_a_tune_that_can_no_longer_be_read_fails_with_its_sentence(storage: Storage) -> None:
    tune = await storage.add(replace(request(), opening="no tune?!", mode="play"), origin())
    await Worker(storage, NoComposer(), Renderer(RENDERED)).make(tune.id)  # type: ignore[arg-type]
    failed = await storage.tune(tune.id)
    assert failed is not None and failed.status is Status.FAILED and str(failed.error).endswith(".")
