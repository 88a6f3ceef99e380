"""Figures by rhythm."""

import pytest

from generator.notation.reader import read
from generator.notation.score import Score
from training.evaluation.by_rhythm import ENOUGH, idiom_of, measure_by_rhythm
from training.evaluation.common import ENOUGH_TUNES, CommonMusic


def tune(body: str, rhythm: str = "reel") -> Score:
    return read(f"X:1\nT:x\nR:{rhythm}\nM:4/4\nL:1/8\nK:D\n{body}\n")


PLAIN = "|:DFAd DFAd|D8:|\n|:dfaf dfaf|D8:|"
COMMON = CommonMusic.of([tune(PLAIN)] * ENOUGH_TUNES)


def test_snaps_and_triplets_are_measured_in_their_rhythms_only() -> None:
    for rhythm, measures in (("strathspey", {"strathspey_plain", "strathspey_snaps"}), ("hornpipe", {"hornpipe_triplets"})):
        found = idiom_of(tune(PLAIN), rhythm, COMMON)
        assert {name for name in ("strathspey_plain", "strathspey_snaps", "hornpipe_triplets") if found[name][1]} == measures


def test_each_rhythm_has_its_figures() -> None:
    other = "|:DFAd DFAd|D8:|\n|:dfaf dfaf|G,8:|"
    columns = {"real": [("reel", tune(PLAIN))] * ENOUGH, "ours": [("reel", tune(PLAIN)), ("reel", tune(other))] * ENOUGH}
    found = measure_by_rhythm(columns, COMMON)
    assert found["tunes"] == {"reel": {"real": ENOUGH, "ours": 2 * ENOUGH}}
    assert found["last_bar_alike"]["reel"] == {"real": 1, "ours": 0.5}
    assert found["whistle"]["reel"] == {"real": 1, "ours": 0.5}
    assert found["form_distance"]["reel"] == {"real": 0, "ours": 0.5}
    assert found["half_bars_common"]["reel"] == {"real": 1, "ours": pytest.approx(1 - 1 / 12, abs=1e-4)}
    assert "strathspey_plain" not in found


def test_a_column_with_few_tunes_of_a_rhythm_has_no_figures_for_it() -> None:
    found = measure_by_rhythm({"real": [("reel", tune(PLAIN))] * (ENOUGH - 1)}, COMMON)
    assert found == {}
