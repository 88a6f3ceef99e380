"""Runs shared with known melodies: found wherever they stand, and no longer than they are."""

import random

from training.evaluation.novelty import LONGEST, KnownMelodies


def test_the_longest_shared_run_is_counted_in_notes():
    known = KnownMelodies([[2, 2, 1, -3, 4], [5, 5, -7]])
    asked = [[9, 2, 2, 1, 9], [2, 2, 1, -3, 4], [5, 9, 5, 5], [9, 9], [], [1, -3, 4, 5, 5]]
    assert known.longest_runs(asked) == [4, 6, 3, 1, 0, 4]
    assert known.longest_runs([]) == []


def test_no_run_goes_from_one_melody_into_the_next():
    known = KnownMelodies([[1, 2, 3], [4, 5, 6]])
    assert known.longest_runs([[1, 2, 3, 4, 5, 6]]) == [4]
    assert KnownMelodies([[1, 2], [1, 2, 3, 4]]).longest_runs([[1, 2], [3, 4]]) == [3, 3]


def test_runs_are_followed_up_to_a_limit():
    melody = [step % 11 - 5 for step in range(300)]
    assert KnownMelodies([melody]).longest_runs([melody]) == [LONGEST + 1]


def test_what_is_found_is_what_a_slow_search_finds():
    rng = random.Random(5)

    def melody(length: int) -> list[int]:
        return [rng.choice((-2, 0, 1, 2)) for _ in range(length)]

    known, asked = [melody(rng.randint(1, 90)) for _ in range(30)], [melody(rng.randint(1, 60)) for _ in range(30)]

    def slow(one: list[int]) -> int:
        runs = {tuple(other[at:end]) for other in known for at in range(len(other)) for end in range(at + 1, len(other) + 1)}
        shared = [end - at for at in range(len(one)) for end in range(at + 1, len(one) + 1) if tuple(one[at:end]) in runs]
        return max(shared, default=0) + 1

    assert KnownMelodies(known).longest_runs(asked) == [slow(one) for one in asked]
