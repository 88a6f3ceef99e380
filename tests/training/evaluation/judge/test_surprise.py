"""The surprise of symbols after two others."""

from training.evaluation.judge.surprise import Surprise


def test_what_usually_follows_is_less_surprising() -> None:
    surprise = Surprise(["abcabcabc", "abcabd"])
    usual, rare, never = (surprise.bits(f"ab{last}")[-1] for last in "cdx")
    assert usual < 1 < rare < never


def test_probabilities_sum_to_one() -> None:
    surprise = Surprise(["abcabcabc", "abcabd"])
    total = sum(2 ** -surprise.bits(f"ab{last}")[-1] for last in "abcd?")  # one symbol stands for all that never occurred
    assert abs(total - 1) < 1e-9


def test_without_counts_every_symbol_is_as_likely() -> None:
    assert Surprise([]).bits("ab") == [0.0, 0.0]
