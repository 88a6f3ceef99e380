"""The rhythm of a tune, and the metre that it is written in."""

from fractions import Fraction

import pytest

from generator.notation.metres import Metre
from generator.notation.reader import read
from generator.notation.tokens import encode
from training.corpus.rhythm import infer_rhythm, normalize_rhythm
from training.corpus.sources import RawTune


@pytest.mark.parametrize(
    ("collection", "head", "rhythm"),
    [
        ("book", "X:1\nT:x\nR:Double Jig\nM:6/8", "jig"),
        ("book", "X:1\nT:x\nR:reel\nM:6/8", ""),
        ("book", "X:1\nT:x\nR:tango\nM:6/8", ""),
        ("book", "X:1\nT:The Lame Hornpipe\nM:4/4", "hornpipe"),
        ("book", "X:1\nT:The Slip Jig of the Mill\nM:9/8", "slip jig"),
        ("book", "X:1\nT:Lament for a Kettle\nM:3/4", "air"),
        ("book", "X:1\nT:Reeling Home\nM:4/4", ""),
        ("book", "X:1\nT:x\nM:9/8", "slip jig"),
        ("book", "X:1\nT:x\nM:4/4", ""),
        ("book", "X:1\nT:x\nZ:id:hn-slipjig-12\nM:9/8", "slip jig"),
        ("book", "X:1\nT:x\nZ:id:hn-reel-12\nM:C|", "reel"),
        ("oneills1850", "X:700\nT:x\nM:6/8", "jig"),
        ("oneills1850", "X:700\nT:x\nM:4/4", ""),
        ("oneills1850", "X:1300\nT:x\nM:4/4", "reel"),
        ("oneills1850", "X:1120\nT:x\nM:9/8", "slip jig"),
        ("oneills1850", "X:3000\nT:x\nM:4/4", ""),
        ("book", "X:1\nT:x\nR:reel\nM:none", ""),
    ],
)
def test_the_rhythm_is_inferred(collection: str, head: str, rhythm: str) -> None:
    abc = head + "\nL:1/8\nK:D\nD2|"
    assert infer_rhythm(RawTune(collection, abc), read(abc)) == rhythm


def test_a_reel_in_two_four_is_rewritten_in_four_four() -> None:
    narrow = "X:1\nR:reel\nM:2/4\nL:1/16\nK:D\n|:D2FA d2fd|(3ABA G>F E4:|\n"
    wide = "X:1\nR:reel\nM:4/4\nL:1/8\nK:D\n|:D2FA d2fd|(3ABA G>F E4:|\n"
    score = normalize_rhythm(RawTune("book", narrow), read(narrow))
    assert score.metre == Metre(4, 4)
    assert score.bars[0].duration == Fraction(1)
    assert encode(score) == encode(read(wide))
    polka = narrow.replace("reel", "polka")
    assert normalize_rhythm(RawTune("book", polka), read(polka)).metre == Metre(2, 4)
