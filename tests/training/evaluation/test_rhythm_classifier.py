"""The rhythm classifier separates rhythms of the same metre and knows how sure it is."""

import random
from dataclasses import replace

import numpy as np
import pytest

from generator.notation.metres import Metre
from generator.notation.reader import read
from generator.notation.score import Score
from training.evaluation.rhythm_classifier import (
    NAMES,
    RhythmClassifier,
    can_classify,
    candidates,
    classification_report,
    features,
)

# Typical bars of each rhythm.
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
def classifier() -> RhythmClassifier:
    training = [tune(rhythm, seed) for rhythm in BARS for seed in range(20)]
    return RhythmClassifier.fit(training, [tune(rhythm, seed) for rhythm in BARS for seed in range(100, 108)])


def test_held_out_tunes_are_classified(classifier: RhythmClassifier) -> None:
    held_out = [tune(rhythm, seed) for rhythm in BARS for seed in range(200, 210)]
    found = classification_report(classifier, held_out)
    assert found["tunes"] == 50
    assert found["accuracy"] == found["consistent"] == 1
    assert found["by_rhythm"]["hornpipe"] == {"tunes": 10, "same": 10, "consistent": 10}
    assert found["by_rhythm"]["waltz"] == {"tunes": 0, "same": 0, "consistent": 0}
    assert np.array(found["confusion"]["rows"]).trace() == 50
    assert found["false_acceptance"] < 0.2


def test_only_rhythms_of_the_metre_have_a_probability(classifier: RhythmClassifier) -> None:
    probabilities = classifier.probabilities([tune("jig", 300), tune("reel", 300)])
    assert probabilities.sum(1) == pytest.approx([1, 1])
    assert {name for name, likely in zip(NAMES, probabilities[0], strict=True) if likely} <= {"jig", "slide", "march", "air"}
    assert classifier.ratios([tune("jig", 300)], ["reel"]) == [0]
    assert classifier.ratios([tune("jig", 300)], ["jig"]) == [1]
    assert 0 < classifier.ratios([tune("jig", 300)], ["air"])[0] < 1


def test_a_metre_without_rhythms_and_free_metre_have_no_rhythm(classifier: RhythmClassifier) -> None:
    odd = replace(tune("reel", 1), metre=Metre(5, 4))
    free = replace(odd, metre=None)
    assert classifier.probabilities([odd, free]).sum() == 0
    assert list(classifier.ratios([odd, free], ["reel", "air"])) == [0, 0]
    assert not any(candidates(None))
    assert can_classify(tune("jig", 1))
    assert not can_classify(replace(tune("jig", 1), metre=Metre(3, 4)))
    assert not can_classify(replace(tune("jig", 1), rhythm=""))
    assert features(free) == {}


def test_the_threshold_accepts_95_percent_of_the_validation_tunes() -> None:
    training = [tune(rhythm, seed) for rhythm in BARS for seed in range(20)]
    held_out = [tune("reel", seed) for seed in range(38)] + [replace(tune("march", seed), rhythm="reel") for seed in range(2)]
    classifier = RhythmClassifier.fit(training, held_out)
    ratios = classifier.ratios(held_out, ["reel"] * 40)
    assert sum(ratios >= classifier.threshold) == 38
    assert classifier.threshold == 1


def test_features_ignore_pick_ups_keys_and_form() -> None:
    plain, raised = (
        read(f"X:1\nM:6/8\nL:1/8\nK:{key}\n{body}") for key, body in (("D", "|:DEF FED|D3 D3:|"), ("E", "|:EFG GFE|E3 E3:|"))
    )
    assert features(plain) == features(raised)
    once = read("X:1\nM:6/8\nL:1/8\nK:D\nDEF FED|D3 D3|]")
    assert features(once) == features(plain)
    assert features(tune("reel", 1)) == features(tune("reel", 1))
    assert features(tune("reel", 1)) != features(tune("reel", 2))
