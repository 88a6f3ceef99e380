"""Ranking: typical tunes score best, unusual ones in either direction worse, and copies are excluded."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest

from generator.composer.measures import pitches
from generator.composer.novelty import NEAR_COPY, Closest, Novelty
from generator.composer.ranking import ABSENT, ENOUGH, GROUPS, RAREST, SCORE_NAMES, Critic, Names, Numbers, best
from generator.composer.traits import traits_of
from generator.composer.weights import WeightsError
from generator.notation.reader import read
from generator.notation.score import Pitch, Score

# Bars 5 and 6 equal 1 and 2; bar 7 has five of bar 3's six notes at the same offset, bar 8 none of bar 4's.
A = ["DFA dAF", "GBG FAF", "EFG EFG", "FED CDE", "DFA dAF", "GBG FAF", "EFG EFA", "D3 D3"]
B = ["dfd cec", "BdB AFA", "GBG FAF", "EFG ECE", "dfd cec", "BdB AFA", "EFG EFA", "D3 D3"]
NEW = Closest("", 0)
PLAIN = 0.9  # bits per token, typical of real tunes


def jig(first: list[str] = A, second: list[str] = B, *, key: str = "D", rhythm: str = "jig") -> Score:
    return read(f"X:1\nT:x\nR:{rhythm}\nM:6/8\nL:1/8\nK:{key}\n|:{'|'.join(first)}:|\n|:{'|'.join(second)}:|\n")


@pytest.fixture(scope="module")
def critic() -> Critic:
    return Critic.load()


def test_the_traits_of_a_tune_equal_those_computed_by_hand() -> None:
    found = traits_of(jig())
    assert found.numbers == {
        "beginnings_alike": 2 / 24,  # B's first four bars beside A's: a G and an E
        "endings_alike": 8 / 20,  # the last two bars, of four
        "recall": (12 + 5 + 12 + 1) / 40,
        "distinct_bars": 9 / 16,
        "same_again": 0.0,
        "range": 17.0,  # C sharp to F sharp
        "repeated_notes": 2 / 87,  # D3 D3
        "leaps": 4 / 87,  # into the D3 of both parts, from A's end to B, and from B's fourth bar on
        "outside_scale": 0.0,
    }
    assert found.names == {
        "parts": [("6/8", "8 twice")] * 2,
        "last_degree": [("major", "0")],
        "part_degrees": [("major", "0")],
        "last_length": [("6/8", "3/8")],
    }
    assert found.bars == ["1 1 1 1 1 1"] * 7 + ["3 3"] + ["1 1 1 1 1 1"] * 7 + ["3 3"]
    assert found.dance == "jig 6/8"


def test_traits_show_what_is_unusual() -> None:
    same = traits_of(jig([A[0]] * 8, [B[0]] * 8)).numbers
    assert (same["recall"], same["distinct_bars"], same["same_again"]) == (1, 2 / 16, 14 / 16)
    assert traits_of(jig([A[0].replace("F", "=F"), *A[1:]])).numbers["outside_scale"] == 2 / 88
    ended = read("X:1\nT:x\nM:6/8\nL:1/8\nK:Ador\n|:ABc def|gag [1 e3:|[2 c2d||\n|:cBA GAB|A2z A2 z:|\n")
    assert traits_of(ended).names["part_degrees"] == [("dorian", "5")]
    assert traits_of(ended).names["last_length"] == [("6/8", "1/4")]
    silent = read("X:1\nT:x\nM:6/8\nL:1/8\nK:D\n|:z6|z6:|\n")
    assert traits_of(silent).numbers == {}


def test_a_number_scores_the_share_of_real_tunes_that_are_as_extreme() -> None:
    even = Numbers.of(list(range(1001)))
    assert even.score(500) == 0
    assert even.score(250) == even.score(750) == pytest.approx(math.log(0.5))
    assert even.score(910) == pytest.approx(math.log(0.18))
    assert even.score(-5) == even.score(2000) == math.log(RAREST)
    mostly_none = Numbers.of([0.0] * 70 + [share / 100 for share in range(1, 31)])
    assert mostly_none.score(0.0) == pytest.approx(math.log(0.7), abs=0.05)  # half of the 70 count on either side
    assert mostly_none.score(0.1) < mostly_none.score(0.05) < mostly_none.score(0.0)
    assert mostly_none.score(0.5) == mostly_none.score(-0.5) == math.log(RAREST)
    assert Numbers.of([3.0] * 50).score(3.0) == 0
    assert Numbers.of([3.0] * 50).score(3.1) == math.log(RAREST)


def test_a_name_scores_the_share_of_real_tunes_with_names_as_rare() -> None:
    degrees = Names.of(["0"] * 80 + ["7"] * 15 + ["2"] * 5)
    assert degrees.score("0") == 0
    assert degrees.score("7") == pytest.approx(math.log(2 * (0.05 + 0.075)), abs=1e-3)
    assert degrees.score("2") == pytest.approx(math.log(0.05), abs=1e-3)
    assert degrees.score("11") == math.log(RAREST)


def walking(seed: int) -> Score:
    rng = random.Random(seed)
    bars = ["".join(rng.choice("DEFGABcdef") for _ in range(6)) for _ in range(14)]
    return jig([*bars[:7], "D3 D3"], [*bars[7:], "D3 D3"])


def test_numbers_are_compared_within_a_rhythm_that_has_enough_tunes() -> None:
    tunes = [walking(seed) for seed in range(2 * ENOUGH - 1)]
    rhythms = ["jig"] * ENOUGH + ["slide"] * (ENOUGH - 1)
    named = [replace(score, rhythm=rhythm) for score, rhythm in zip(tunes, rhythms, strict=True)]
    critic = Critic.of(named, [1.0] * ENOUGH + [2.0] * (ENOUGH - 1))
    as_jig, as_slide = (critic.scores(jig(rhythm=rhythm), 2.0, NEW)["likelihood"] for rhythm in ("jig", "slide"))
    assert as_jig == math.log(RAREST)
    assert as_slide > as_jig


def test_bars_typical_of_the_rhythm_score_better_than_other_bars_of_its_metre() -> None:
    even, dotted = ["DFA dAF"] * 4, ["D>FA d>AF"] * 4
    tunes = [jig(even, even)] * 30 + [jig(dotted, dotted, rhythm="slide")] * 30
    critic = Critic.of(tunes, [1.0] * 60)
    for rhythm, own, other in (("jig", even, dotted), ("slide", dotted, even)):
        at_home = critic.scores(jig(own, own, rhythm=rhythm), 1.0, NEW)["rhythm"]
        assert at_home == 0
        assert critic.scores(jig(own, other, rhythm=rhythm), 1.0, NEW)["rhythm"] < at_home - 2
    open_ = critic.scores(jig(even, even, rhythm=""), 1.0, NEW)["rhythm"]
    assert open_ == critic.scores(jig(dotted, dotted, rhythm=""), 1.0, NEW)["rhythm"] == ABSENT


def test_the_total_is_the_sum_of_the_named_scores(critic: Critic) -> None:
    found = critic.scores(jig(), PLAIN, NEW)
    assert tuple(found) == (*SCORE_NAMES, "total")
    assert found["total"] == pytest.approx(sum(found[part] for part in SCORE_NAMES))
    assert all(found[part] <= 0 for part in SCORE_NAMES)
    assert found["novelty"] == 0
    assert json.loads(json.dumps(found)) == found


def test_dull_and_wild_tunes_score_worse_than_typical_ones(critic: Critic) -> None:
    typical = critic.scores(jig(), PLAIN, NEW)
    for bits in (0.3, 2.5):
        assert critic.scores(jig(), bits, NEW)["likelihood"] < typical["likelihood"] - 1
    dull, wild = critic.scores(jig([A[0]] * 8, [A[0]] * 8), PLAIN, NEW), critic.scores(walking(1), PLAIN, NEW)
    assert dull["variety"] < typical["variety"] - 2
    assert wild["variety"] < typical["variety"] - 2
    nowhere = critic.scores(jig(second=[*B[:7], "EFG E2C"]), PLAIN, NEW)
    assert nowhere["cadence"] < typical["cadence"] - 2
    waltzing = critic.scores(jig(second=["D2E F2G"] * 8), PLAIN, NEW)
    assert waltzing["rhythm"] < typical["rhythm"] - 1
    odd = critic.scores(jig(second=B[:5]), PLAIN, NEW)
    assert odd["form"] < typical["form"]


def test_novelty_falls_with_the_longest_shared_run(critic: Critic) -> None:
    shared = [critic.scores(jig(), PLAIN, Closest("Known", notes))["novelty"] for notes in (0, 12, 13, 18, 24, 32)]
    assert shared[:3] == [0, 0, 0]  # real tunes share 13 notes in the median
    assert shared == sorted(shared, reverse=True)
    assert -2 < shared[3] < 0
    assert shared[-1] < -2


def test_without_shared_runs_of_real_tunes_novelty_does_not_count() -> None:
    critic = Critic.of([walking(seed) for seed in range(30)], [1.0] * 30)
    assert critic.scores(jig(), PLAIN, Closest("Known", 30))["novelty"] == 0


def test_tunes_of_common_half_bars_score_better_and_odd_ones_worse() -> None:
    critic = Critic.of([jig(rng_bars(seed), rng_bars(seed + 1)) for seed in range(60)], [1.0] * 60)
    usual = critic.scores(jig(rng_bars(90), rng_bars(91)), 1.0, NEW)["idiom"]
    assert critic.scores(walking(1), 1.0, NEW)["idiom"] < usual - 2
    slipping = [bar.replace("d", "D", 1) for bar in rng_bars(91)]
    assert critic.scores(jig(rng_bars(91), slipping), 1.0, NEW)["idiom"] < usual


def rng_bars(seed: int) -> list[str]:
    rng = random.Random(seed)
    return [f"{rng.choice(HALVES)} {rng.choice(HALVES)}" for _ in range(7)] + ["cec d3"]


HALVES = ("DFA", "dAF", "GBd", "gfe", "dcB", "AFD", "EFG", "fed")


def test_a_tune_without_notes_or_metre_has_a_score(critic: Critic) -> None:
    silent = read("X:1\nT:x\nM:6/8\nL:1/8\nK:D\n|:z6|z6:|\n")
    free = read("X:1\nT:x\nM:none\nL:1/8\nK:D\nDFA dAF GBG|]\n")
    for score in (silent, free):
        assert math.isfinite(critic.scores(score, PLAIN, NEW)["total"])
    assert critic.scores(silent, PLAIN, NEW)["variety"] == ABSENT * len(GROUPS["variety"])


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


def test_saved_distributions_are_the_same_after_loading(tmp_path: Path) -> None:
    critic = Critic.of([walking(seed) for seed in range(30)], [1 + seed / 30 for seed in range(30)])
    critic.save(tmp_path / "new" / "ranking.json")
    read_back = Critic.load(tmp_path / "new" / "ranking.json")
    for score in (jig(), walking(99)):
        assert read_back.scores(score, 1.1, NEW) == critic.scores(score, 1.1, NEW)


@pytest.mark.parametrize(
    "content", [None, "", "[]", "{}", '{"numbers": {}, "names": {}}', '{"numbers": {"recall": {"": {"low": 1}}}}']
)
def test_unreadable_distributions_raise_an_error_with_advice(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ranking.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(WeightsError, match=r"The distributions of real tunes in .* cannot be read"):
        Critic.load(path)
