"""The index of known tunes finds shared runs at any position, and copies in any key and rhythm."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from generator.composer.measures import pitches
from generator.composer.novelty import GIVEN, NEAR_COPY, Closest, Novelty
from generator.composer.weights import WeightsError
from generator.notation.reader import read


def climb(steps: Sequence[int], start: int = 60) -> list[int]:
    """The melody with these intervals."""
    return [start, *(start + int(height) for height in np.cumsum(steps))]


def known(*melodies: Sequence[int]) -> Novelty:
    """An index of melodies, which are given as intervals. Their titles are their numbers."""
    return Novelty.of((str(number), climb(steps)) for number, steps in enumerate(melodies))


def runs(index: Novelty, *melodies: Sequence[int]) -> list[int]:
    return [found.notes for found in index.closest([climb(steps, 67) for steps in melodies])]


def walk(rng: random.Random, length: int) -> list[int]:
    return [rng.choice((-2, 0, 1, 2)) for _ in range(length)]


def test_the_longest_shared_run_is_counted_in_notes() -> None:
    index = known([2, 2, 1, -3, 4], [5, 5, -7])
    asked = [[9, 2, 2, 1, 9], [2, 2, 1, -3, 4], [5, 9, 5, 5], [9, 9], [], [1, -3, 4, 5, 5]]
    assert runs(index, *asked) == [4, 6, 3, 0, 0, 4]
    assert index.closest([]) == []
    assert index.closest([[], [60]]) == [Closest("", 0)] * 2


def test_a_run_does_not_cross_from_one_melody_into_the_next() -> None:
    assert runs(known([1, 2, 3], [4, 5, 6]), [1, 2, 3, 4, 5, 6]) == [4]
    assert runs(known([1, 2], [1, 2, 3, 4]), [1, 2], [3, 4]) == [3, 3]
    ten = list(range(1, 11))
    assert runs(known(ten, ten), ten + ten) == [11]
    assert runs(known([]), [1, 2]) == [0]
    assert runs(Novelty.of([]), [1, 2]) == [0]


def test_the_index_finds_the_same_runs_as_a_slow_search() -> None:
    rng = random.Random(5)
    others, asked = ([walk(rng, rng.randint(0, 90)) for _ in range(30)] for _ in range(2))
    asked += [[*one[5:40], 3, *other[20:70]] for one, other in zip(others, reversed(others), strict=True)]
    where: dict[tuple[int, ...], set[str]] = {}
    for number, other in enumerate(others):
        for at in range(len(other)):
            for end in range(at + 1, len(other) + 1):
                where.setdefault(tuple(other[at:end]), set()).add(str(number))
    for steps, found in zip(asked, known(*others).closest([climb(steps, 50) for steps in asked]), strict=True):
        shared = [
            steps[at:end] for at in range(len(steps)) for end in range(at + 1, len(steps) + 1) if tuple(steps[at:end]) in where
        ]
        longest = max(map(len, shared), default=0)
        assert found.notes == (longest + 1 if longest else 0)
        assert not longest or found.title in {title for run in shared if len(run) == longest for title in where[tuple(run)]}


def test_intervals_up_to_two_and_a_half_octaves_are_distinguished() -> None:
    assert runs(known([12, -24, 19]), [12, -24, 19], [12, -25, 19]) == [4, 2]


@pytest.fixture(scope="module")
def shipped() -> Novelty:
    return Novelty.load()


# Written for this test: in no collection. Three bars of it have at least twelve notes.
OWN = "DFA dAF|GBG FAF|EFG EFG|FED CDE|DFA dAF|GBG FAF|EFG EFA|D3 D3|dfd cec|BdB AFA"


def tune(body: str, key: str = "D") -> list[int]:
    return pitches(read(f"X:1\nT:x\nM:6/8\nL:1/8\nK:{key}\n{body}|]\n"))


def planted(rng: random.Random, index: int, notes: int) -> tuple[list[int], str]:
    """A run of a known tune between other notes, in another key, and the tune's title."""
    melodies = [climb(walk(random.Random(number), 120)) for number in range(40)]
    at = rng.randrange(121 - notes)
    stretch, up = melodies[index][at : at + notes], rng.choice((-7, -5, 2, 3, 12))
    moved = [pitch + up for pitch in stretch]
    before, after = (
        climb(walk(rng, 30), moved[0] + 7),
        climb(walk(rng, 30), moved[-1] - 7),
    )  # no known tune has a step of seven semitones here
    return [*before, *moved, *after], f"tune {index}"


def test_every_planted_near_copy_is_found_and_named() -> None:
    rng = random.Random(3)
    index = Novelty.of((f"tune {number}", climb(walk(random.Random(number), 120))) for number in range(40))
    for _ in range(200):
        wanted = rng.randrange(40)
        notes = rng.randint(NEAR_COPY, 110)
        melody, title = planted(rng, wanted, notes)
        (found,) = index.closest([melody])
        assert found == Closest(title, notes)


def test_a_copy_in_another_key_and_rhythm_is_found() -> None:
    original = read(f"X:1\nT:x\nM:6/8\nL:1/8\nK:D\n{OWN}|]\n")
    index = Novelty.of([("Ours", pitches(original))])
    bars = tuple(
        replace(bar, notes=tuple(replace(note, duration=note.duration * 3) for note in bar.notes)) for bar in original.bars
    )
    augmented = pitches(replace(original, bars=bars))
    in_g = tune("GBd gdB|cec BdB|ABc ABc|BAG FGA|GBd gdB|cec BdB|ABc ABd|G3 G3|gbg faf|ege dBd", "G")
    dotted = tune(OWN.replace("DFA dAF", "D>FA dA<F").replace("D3 D3", "D4 D2"))
    assert [found.notes for found in index.closest([augmented, in_g, dotted])] == [len(augmented)] * 3
    assert len(augmented) > NEAR_COPY


def test_notes_that_the_user_gave_do_not_count() -> None:
    rng = random.Random(8)
    opening, rest = climb(walk(rng, 40)), walk(rng, 80)
    index = Novelty.of([("Known", [*opening, *climb(rest, opening[-1])[1:]])])
    other = [3, *(rng.choice((3, -3)) for _ in range(60))]  # intervals that the known tune does not have
    alone = [*opening, *climb(other, opening[-1])[1:]]
    assert index.closest([alone])[0].notes == len(opening) > NEAR_COPY
    assert index.closest([alone], opening) == [Closest("", 0)]
    moved = [pitch + 5 for pitch in alone]
    assert index.closest([moved], opening) == [Closest("", 0)]
    goes_on = [*opening, *climb(rest[:50], opening[-1])[1:]]  # the model continues like the known tune
    assert index.closest([goes_on], opening) == [Closest("Known", 51)]


def test_given_notes_may_come_again_but_short_runs_of_them_count() -> None:
    rng = random.Random(9)
    opening = climb(walk(rng, 40))
    index = Novelty.of([("Known", opening)])
    other = [*climb([3, -3] * 10, opening[-1])[1:], 99]
    again = [*opening, *other, *opening[10:30]]
    assert index.closest([again], opening) == [Closest("", 0)]
    few = [*opening, *other, *opening[10 : 10 + GIVEN - 1]]
    assert index.closest([few], opening)[0].notes == GIVEN - 1


def test_a_variation_is_not_a_copy_of_the_varied_tune() -> None:
    rng = random.Random(10)
    parent, another = climb(walk(rng, 100)), climb(walk(rng, 100))
    index = Novelty.of([("Parent", parent), ("Another", another)])
    varied = [pitch + (1 if at in (20, 21, 50) else 0) for at, pitch in enumerate(parent)]
    assert index.closest([varied])[0].notes >= 40
    assert index.closest([varied], parent)[0].notes < GIVEN
    stolen = [*parent[:40], *(pitch + 1 for pitch in another[10:60]), *parent[40:]]
    assert index.closest([stolen], parent) == [Closest("Another", 50)]


def test_a_saved_index_is_the_same_after_loading(tmp_path: Path) -> None:
    rng = random.Random(2)
    index = Novelty.of((f"Tuné {number}\n", climb(walk(rng, 60))) for number in range(20))
    index.save(tmp_path / "new" / "novelty.npz")
    read_back = Novelty.load(tmp_path / "new" / "novelty.npz")
    asked = [climb(walk(rng, 80)) for _ in range(20)]
    assert read_back.closest(asked) == index.closest(asked)
    assert all(found.title.startswith("Tuné ") and "\n" not in found.title for found in index.closest(asked))


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK\x03\x04"])
def test_an_unreadable_index_raises_an_error_with_advice(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "novelty.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"The known tunes in .* cannot be read"):
        Novelty.load(path)
    np.savez(path, codes=np.array([34, 0], np.uint8), titles=np.frombuffer(b"one\ntwo", np.uint8))
    with pytest.raises(WeightsError, match="2 titles for 1 tunes"):
        Novelty.load(path)


def test_the_shipped_index_contains_the_collections(shipped: Novelty) -> None:
    # The Irish Washerwoman's first part, which O'Neill has in G.
    washerwoman = tune("ed|cAA EAA|cAc edc|dBB FBB|dBd fed|cAA EAA|cAc edc|dcd Bed|cAA A", "A")
    found, own = shipped.closest([washerwoman, tune(OWN)])
    assert found == Closest("The Irish Washerwoman.", len(washerwoman))
    assert own.notes < NEAR_COPY
