"""The area under the curve and its interval."""

import numpy as np
import pytest

from training.evaluation.judge.area import area


def test_the_area_counts_pairs_in_the_right_order() -> None:
    real, composed = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 0.0])
    found = area(real, composed, ["a", "b", "c"])
    assert found.value == pytest.approx((1 + 0.5 + 0 + 3) / 9)
    assert found.pairs == 3


def test_the_interval_is_narrower_with_more_tunes() -> None:
    rng = np.random.default_rng(1)
    widths = []
    for tunes in (30, 300):
        families = [str(index) for index in range(tunes)]
        found = area(rng.normal(0, 1, tunes), rng.normal(1, 1, tunes), families)
        assert found.low < found.value < found.high
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 2


def test_members_of_a_family_are_resampled_together() -> None:
    rng = np.random.default_rng(1)
    real, composed = np.repeat(rng.normal(0, 1, 20), 10), np.repeat(rng.normal(1, 1, 20), 10)
    together = area(real, composed, [str(index // 10) for index in range(200)])
    alone = area(real, composed, [str(index) for index in range(200)])
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_the_interval_is_the_same_each_time() -> None:
    scores = np.arange(10.0), np.arange(10.0) + 1
    families = list("abcdefghij")
    assert area(*scores, families) == area(*scores, families)
