"""The judge of rhythms: learns what tells dances apart that share a metre, and says how sure it is."""

import random
from dataclasses import replace

import numpy as np
import pytest

from generator.notation.metres import Metre
from generator.notation.reader import read
from generator.notation.score import Score
from training.evaluation.rhythms import NAMES, RhythmJudge, candidates, features, judgeable, validated

# A bar of each, in the ways that tell them apart.
BARS = {
    "reel": ("M:4/4", "{}{}{}{} {}{}{}{}", "{}2{}{} {}{}{}{}"),
    "hornpipe": ("M:4/4", "{}>{}{}>{} {}>{}{}>{}", "(3{}{}{} {}>{} {}>{}{}>{}"),
    "march": ("M:4/4", "{}2{}2 {}2{}2", "{}4 {}2{}2"),
    "jig": ("M:6/8", "{}{}{} {}{}{}", "{}2{} {}{}{}"),
    "air": ("M:6/8", "{}3 {}2{}", "{}3 {}3"),
}


def tune(rhythm: str, seed: int, bars: int = 8) -> Score:
    rng = random.Random(f"{rhythm} {seed}")
    metre, *patterns = BARS[rhythm]

    def bar() -> str:
        pattern = rng.choices(patterns, (3, 1))[0]
        return pattern.format(*(rng.choice("DEFGABcde") for _ in range(pattern.count("{}"))))

    halves = ["|".join(bar() for _ in range(bars // 2)) for _ in range(2)]
    return read(f"X:1\nR:{rhythm}\n{metre}\nL:1/8\nK:D\n|:{halves[0]}:|\n|:{halves[1]}:|")


@pytest.fixture(scope="module")
def judge() -> RhythmJudge:
    training = [tune(rhythm, seed) for rhythm in BARS for seed in range(20)]
    return RhythmJudge.fit(training, [tune(rhythm, seed) for rhythm in BARS for seed in range(100, 108)])


def test_unheard_tunes_are_told_apart(judge: RhythmJudge):
    unheard = [tune(rhythm, seed) for rhythm in BARS for seed in range(200, 210)]
    found = validated(judge, unheard)
    assert found["tunes"] == 50
    assert found["accuracy"] == found["consistent"] == 1
    assert found["by_rhythm"]["hornpipe"] == {"tunes": 10, "same": 10, "consistent": 10}
    assert found["by_rhythm"]["waltz"] == {"tunes": 0, "same": 0, "consistent": 0}
    assert np.array(found["confusion"]["rows"]).trace() == 50
    assert found["false_acceptance"] < 0.2


def test_only_rhythms_of_the_metre_come_into_question(judge: RhythmJudge):
    likelihoods = judge.likelihoods([tune("jig", 300), tune("reel", 300)])
    assert likelihoods.sum(1) == pytest.approx([1, 1])
    assert {name for name, likely in zip(NAMES, likelihoods[0], strict=True) if likely} <= {"jig", "slide", "march", "air"}
    assert judge.ratios([tune("jig", 300)], ["reel"]) == [0]
    assert judge.ratios([tune("jig", 300)], ["jig"]) == [1]
    assert 0 < judge.ratios([tune("jig", 300)], ["air"])[0] < 1


def test_a_metre_of_no_rhythm_and_free_metre_are_of_none(judge: RhythmJudge):
    odd = replace(tune("reel", 1), metre=Metre(5, 4))
    free = replace(odd, metre=None)
    assert judge.likelihoods([odd, free]).sum() == 0
    assert list(judge.ratios([odd, free], ["reel", "air"])) == [0, 0]
    assert not any(candidates(None))
    assert judgeable(tune("jig", 1))
    assert not judgeable(replace(tune("jig", 1), metre=Metre(3, 4)))
    assert not judgeable(replace(tune("jig", 1), rhythm=""))
    assert features(free) == {}


def test_the_threshold_lets_nineteen_of_twenty_validation_tunes_pass():
    training = [tune(rhythm, seed) for rhythm in BARS for seed in range(20)]
    held_out = [tune("reel", seed) for seed in range(38)] + [replace(tune("march", seed), rhythm="reel") for seed in range(2)]
    judge = RhythmJudge.fit(training, held_out)
    ratios = judge.ratios(held_out, ["reel"] * 40)
    assert sum(ratios >= judge.threshold) == 38
    assert judge.threshold == 1


def test_pick_ups_keys_and_form_say_nothing_of_the_rhythm():
    plain, raised = (
        read(f"X:1\nM:6/8\nL:1/8\nK:{key}\n{body}") for key, body in (("D", "|:DEF FED|D3 D3:|"), ("E", "|:EFG GFE|E3 E3:|"))
    )
    assert features(plain) == features(raised)
    once = read("X:1\nM:6/8\nL:1/8\nK:D\nDEF FED|D3 D3|]")
    assert features(once) == features(plain)
    assert features(tune("reel", 1)) == features(tune("reel", 1))
    assert features(tune("reel", 1)) != features(tune("reel", 2))
