"""The judge on tunes that differ from real ones in known ways."""

import random
from collections.abc import Callable

import pytest

from generator.composer.music import music_of
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.writer import write
from training.evaluation.common import CommonMusic
from training.evaluation.judge import network
from training.evaluation.judge.features import FeatureReader
from training.evaluation.judge.judge import OVERALL, Pair, judge

STEPS = (-2, -1, -1, 0, 1, 1, 2)
SCALE = "DEFGABcdefgab"


def tune(seed: int, *, leaps: bool = False, key: str = "D", title: str = "x") -> Score:
    """A jig that moves by steps, or by leaps, and whose second part ends like the first."""
    rng = random.Random(seed)
    place, bars = 5, []
    for _ in range(16):
        bar = ""
        for _ in range(6):
            place = min(max(place + rng.choice(STEPS) * (3 if leaps else 1), 0), len(SCALE) - 1)
            bar += SCALE[place]
        bars.append(bar)
    bars[15] = bars[7]
    body = f"|:{'|'.join(bars[:8])}:|\n|:{'|'.join(bars[8:])}:|"
    return read(f"X:1\nT:{title}\nR:jig\nM:6/8\nL:1/8\nK:{key}\n{body}\n")


TRAINING = [tune(seed) for seed in range(1000, 1040)]
READER = FeatureReader(TRAINING, CommonMusic.of(TRAINING))


def pairs(composed: Callable[[int], Score | None], count: int = 60) -> list[Pair]:
    return [Pair(tune(seed), composed(seed), "jig", f"book:{seed}") for seed in range(count)]


def test_tunes_of_the_same_kind_cannot_be_told_apart() -> None:
    found = judge(pairs(lambda seed: tune(seed + 500)), READER, with_network=False)
    assert 0.3 < found.both[OVERALL].value < 0.7


def test_tunes_that_leap_are_told_apart() -> None:
    found = judge(pairs(lambda seed: tune(seed + 500, leaps=True)), READER, with_network=False)
    assert found.both[OVERALL].value > 0.95
    assert found.both["jig"] == found.both[OVERALL]
    assert found.network == {}
    assert found.signs["steps 4"] < 0.1


def test_neither_the_key_nor_the_title_gives_a_tune_away() -> None:
    up = str.maketrans(dict(zip(SCALE, [*SCALE[1:], "c'"], strict=True)))

    def moved(seed: int) -> Score:
        score = tune(seed + 500, title="Composed")
        head, _, body = write(score).partition("K:D\n")
        return read(f"{head}K:E\n{body.translate(up)}")

    same = judge(pairs(lambda seed: tune(seed + 500)), READER, with_network=False)
    assert judge(pairs(moved), READER, with_network=False) == same


def test_unreadable_tunes_are_always_told_apart() -> None:
    found = judge(pairs(lambda seed: tune(seed + 500) if seed % 2 else None), READER, with_network=False)
    assert found.both[OVERALL].value > 0.65  # half of them, and the others by chance


def test_a_tune_is_judged_without_its_family() -> None:
    """Copies of real tunes under the same family cannot be recognised by what was learnt of that family."""
    found = judge(pairs(tune), READER, with_network=False)
    assert found.both[OVERALL].value == pytest.approx(0.5, abs=0.01)


@pytest.mark.timeout(300)
def test_both_classifiers_judge_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "EPOCHS", 3)
    found = judge(pairs(lambda seed: tune(seed + 500, leaps=True), 30), READER)
    assert found.network[OVERALL].value > 0.8
    assert found.both[OVERALL].value >= 0.9
    assert found.both[OVERALL].pairs == 30


def test_the_network_reads_repetition() -> None:
    inputs = network.inputs_of([(music_of(tune(1)), "jig")])
    columns = list(network.COLUMNS)
    alike_part = inputs[0, :, columns.index("alike_part")]
    assert set(alike_part[15 * 6 : 16 * 6]) == {2}  # the last bar is that of the first part
    assert not inputs[0, 16 * 6 :].any()
    assert set(inputs[0, : 16 * 6, columns.index("rhythm")]) == {2}
    assert (inputs.reshape(-1, len(columns)).max(0) < [classes for classes, _ in network.COLUMNS.values()]).all()
