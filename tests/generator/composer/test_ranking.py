"""Ranking: what passes for a real tune scores best, too much and too little both cost, and copies are excluded."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path

import pytest

from generator.composer.idiom import Idiom
from generator.composer.measures import pitches
from generator.composer.novelty import NEAR_COPY, Closest, Novelty
from generator.composer.ranking import MOST_DEVIATIONS, PLAN_COST, SCORE_NAMES, SURPRISE_COST, Critic, Trait, best, grouped_traits
from generator.composer.weights import WeightsError
from generator.notation.reader import read
from generator.notation.score import Pitch, Score

A = ["DFA dAF", "GBG FAF", "EFG EFG", "FED CDE", "DFA dAF", "GBG FAF", "EFG EFA", "D3 D3"]
B = ["dfd cec", "BdB AFA", "GBG FAF", "EFG ECE", "dfd cec", "BdB AFA", "EFG EFA", "D3 D3"]
NEW = Closest("", 0)
NOTHING_COMMON = Idiom({}, {}, {})
PLAIN = 0.9  # bits per token, as the model has for most of its tunes


def jig(first: list[str] = A, second: list[str] = B, *, key: str = "D", rhythm: str = "jig") -> Score:
    return read(f"X:1\nT:x\nR:{rhythm}\nM:6/8\nL:1/8\nK:{key}\n|:{'|'.join(first)}:|\n|:{'|'.join(second)}:|\n")


def walking(seed: int) -> Score:
    rng = random.Random(seed)
    bars = ["".join(rng.choice("DEFGABcdef") for _ in range(6)) for _ in range(14)]
    return jig([*bars[:7], "D3 D3"], [*bars[7:], "D3 D3"])


@pytest.fixture(scope="module")
def critic() -> Critic:
    return Critic.load()


def test_a_trait_counts_by_its_direction_and_by_its_distance_from_the_mean() -> None:
    trait = Trait(mean=10.0, deviation=2.0, weight=1.0, distance_weight=-0.5)
    assert trait.score(10.0) == 0
    assert trait.score(14.0) == 2 - 1
    assert trait.score(6.0) == -2 - 1
    assert trait.score(1000.0) == trait.score(18.0) == MOST_DEVIATIONS / 2  # one odd trait is not everything
    assert Trait(3.0, 0.0, 1.0, 1.0).score(7.0) == 0  # a trait that never varied


def test_each_rhythm_is_compared_with_its_own() -> None:
    def notes_a_bar(mean: float) -> dict[str, Trait]:
        return {"notes a bar": Trait(mean, 1.0, 0.0, -1.0)}

    critic = Critic({"": notes_a_bar(8.0), "jig": notes_a_bar(5.5)}, NOTHING_COMMON, (1.0, 0.2), ())
    assert critic.scores(jig(), PLAIN, NEW)["lengths"] == 0
    assert critic.scores(jig(rhythm="slide"), PLAIN, NEW)["lengths"] == -2.5


def test_the_total_is_the_sum_of_the_scores(critic: Critic) -> None:
    scores = critic.scores(jig(), PLAIN, NEW)
    assert set(scores) == {*SCORE_NAMES, "total"}
    assert scores["total"] == pytest.approx(sum(scores[name] for name in SCORE_NAMES))
    assert set(grouped_traits(jig(), critic.idiom)) == set(SCORE_NAMES) - {"plan", "surprise", "novelty"}


def test_what_surprises_the_model_more_than_its_usual_tunes_costs_without_a_limit() -> None:
    critic = Critic({}, NOTHING_COMMON, (1.0, 0.2), ())
    costs = [critic.scores(jig(), bits, NEW)["surprise"] for bits in (0.1, 1.0, 1.2, 3.0)]
    assert costs == pytest.approx([0, 0, -SURPRISE_COST, -10 * SURPRISE_COST])


def test_each_bar_against_the_plan_costs(critic: Critic) -> None:
    as_planned, other = (critic.scores(jig(), PLAIN, NEW, unplanned) for unplanned in (0, 3))
    assert as_planned["plan"] == 0
    assert other["total"] == pytest.approx(as_planned["total"] - 3 * PLAN_COST)


def test_the_key_makes_no_difference(critic: Critic) -> None:
    up = str.maketrans("ABCDEFGabcdefg", "BCDEFGAbcdefga")
    moved = jig([bar.translate(up) for bar in ["DFA dAF"] * 8], [bar.translate(up) for bar in ["dfd ede"] * 8], key="E")
    assert critic.scores(moved, PLAIN, NEW) == critic.scores(jig(["DFA dAF"] * 8, ["dfd ede"] * 8), PLAIN, NEW)


def test_runs_that_known_tunes_share_cost_more_the_rarer_they_are_among_real_tunes() -> None:
    critic = Critic({}, NOTHING_COMMON, (1.0, 0.2), [8, 10, 11, 12, 13, 13, 13, 14, 17, 20, 28])
    shared = [critic.scores(jig(), PLAIN, Closest("Known", notes))["novelty"] for notes in (0, 12, 13, 18, 24, 32)]
    assert shared[:3] == [0, 0, 0]  # real tunes share 13 notes in the median
    assert shared[3] == pytest.approx(math.log(2 * 2 / 11))
    assert shared[3] > shared[4] > shared[5]


def test_without_shared_runs_of_real_tunes_novelty_does_not_count() -> None:
    assert Critic({}, NOTHING_COMMON, (1.0, 0.2), ()).scores(jig(), PLAIN, Closest("Known", 30))["novelty"] == 0


def test_a_tune_without_notes_or_metre_has_a_score(critic: Critic) -> None:
    silent = read("X:1\nT:x\nM:6/8\nL:1/8\nK:D\n|:z6|z6:|\n")
    free = read("X:1\nT:x\nM:none\nL:1/8\nK:D\nDFA dAF GBG|]\n")
    for score in (silent, free):
        assert math.isfinite(critic.scores(score, PLAIN, NEW)["total"])


def test_the_best_candidate_has_the_highest_total_and_is_no_copy() -> None:
    def known(*notes: int) -> list[Closest]:
        return [Closest("Known", count) for count in notes]

    assert best([-20.0, -10.0, -15.0], known(12, 14, 9)) == 1
    assert best([-20.0, -10.0, -15.0], known(12, NEAR_COPY, 9)) == 2
    assert best([-20.0, -10.0], known(12, NEAR_COPY - 1)) == 1
    assert best([-20.0, -10.0], known(NEAR_COPY, 90)) is None
    assert best([-10.0, -10.0], known(0, 0)) == 0
    assert best([], []) is None


def test_planted_near_copies_are_always_rejected(critic: Critic) -> None:
    """Some of eight candidates are known tunes in another key or with other note lengths."""
    rng = random.Random(4)
    known = [walking(seed) for seed in range(100, 120)]
    index = Novelty.of((str(number), pitches(score)) for number, score in enumerate(known))
    for trial in range(60):
        candidates = [walking(1000 + 8 * trial + at) for at in range(8)]
        copies = set(rng.sample(range(8), rng.randint(1, 8)))
        for at in copies:
            candidates[at] = disguised(rng.choice(known), rng)
        closest = index.closest([pitches(score) for score in candidates])
        totals = [critic.scores(score, PLAIN, found)["total"] + 1000 * (at in copies) for at, (score, found) in
                  enumerate(zip(candidates, closest, strict=True))]  # fmt: skip
        chosen = best(totals, closest)
        assert chosen not in copies
        assert (chosen is None) == (len(copies) == 8)


def disguised(score: Score, rng: random.Random) -> Score:
    """A tune in another key, with other note lengths in each bar and some changed notes at the end."""
    up, bars, left = rng.choice((-5, -2, 2, 5, 7)), [], rng.randint(NEAR_COPY, 60)
    for bar in score.bars:
        lengths = [note.duration for note in bar.notes]
        rng.shuffle(lengths)
        notes = []
        for note, length in zip(bar.notes, lengths, strict=True):
            left -= 1
            by = up if left >= 0 else up + rng.choice((-1, 1))
            notes.append(replace(note, pitches=tuple(moved(pitch, by) for pitch in note.pitches), duration=length))
        bars.append(replace(bar, notes=tuple(notes)))
    return replace(score, bars=tuple(bars))


def moved(pitch: Pitch, by: int) -> Pitch:
    return Pitch(pitch.letter, pitch.octave, pitch.alter + by)


def test_a_saved_critic_is_the_same_after_loading(tmp_path: Path, critic: Critic) -> None:
    critic.save(tmp_path / "new" / "ranking.json")
    read_back = Critic.load(tmp_path / "new" / "ranking.json")
    for score in (jig(), walking(99)):
        assert read_back.scores(score, PLAIN, NEW) == critic.scores(score, PLAIN, NEW)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"numbers": {}, "names": {}}', '{"traits": {"range": {"low": 1}}}'])
def test_an_unreadable_critic_raises_an_error_with_advice(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ranking.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(WeightsError, match=r"The critic in .* cannot be read"):
        Critic.load(path)
