"""A tune as the judge sees it."""

from generator.composer.music import music_of
from generator.notation.reader import read

A, B = "DFA dAF|GBG FAF|EFG EFG|FED CDE|", "dfd cec|BdB AFA|GBG FAF|EFG D3|"
SECOND = "dfd cec|BdB AFA|GBG FAF|EFG E3|"


def tune(body: str, key: str = "D") -> str:
    return f"X:1\nT:x\nR:jig\nM:6/8\nL:1/8\nK:{key}\n{body}\n"


SIGNS = music_of(read(tune(f"|:{A[:-1]}:|\n|:{B[:-1]}:|")))


def test_the_key_does_not_show() -> None:
    up = str.maketrans("DEFGABCdefc", "EFGABcDefgd")
    assert music_of(read(tune(f"|:{A[:-1]}:|\n|:{B[:-1]}:|".translate(up), "E"))) == SIGNS


def test_repeats_look_the_same_as_signs_and_written_out() -> None:
    assert music_of(read(tune(f"{A}{A[:-1]}||\n{B}{B[:-1]}|]"))) == SIGNS
    assert music_of(read(tune(f"{A[:-1]}||{A[:-1]}||\n{B[:-1]}||{B[:-1]}|]"))) == SIGNS


def test_a_part_that_comes_again_is_seen_once() -> None:
    assert music_of(read(tune(f"|:{A[:-1]}:|\n|:{B[:-1]}:|\n|:{A[:-1]}:|"))) == SIGNS


def test_pick_ups_titles_and_ornaments_do_not_show() -> None:
    text = f"|:A|{A.replace('DFA', '~D{e}FA')}".replace("FED CDE|", "FED CD") + f":|\n|:{B[:-1]}:|"
    found = music_of(read(tune(text).replace("T:x", "T:Another")))
    assert found[0][:3] == SIGNS[0][:3]
    assert found[1] == SIGNS[1]


def test_a_tune_whose_repeats_do_not_match_is_seen_by_its_sections() -> None:
    found = music_of(read(tune(f"|:{A[:-1]}|[1 D6:|\n{SECOND[:-1]}|]")))
    assert found[0][0] == SIGNS[0][0]


def test_sounds_are_relative_to_the_tonic() -> None:
    (((first, _, third, *_), *_),) = music_of(read(tune("|:^D2 z C3|D6:|")))
    assert (first.degree, first.alter, first.midi, first.ticks) == (0, 1, 1, 48)
    assert (third.degree, third.midi, third.offset) == (-1, -1, 72)
