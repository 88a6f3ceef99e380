"""How the collections' titles are made ready for learning. No network."""

import codecs

import pytest

from tests.training.tunes import melody, text
from training.corpus.sources import RawTune
from training.titles.examples import examples, field, known, tidy
from training.titles.rules import letters
from training.titles.unfit import unfit


def tune(title: str, *, collection: str = "irish.abc", rhythm: str = "jig") -> RawTune:
    return RawTune(collection, text(melody(1), title=title, rhythm=rhythm))


@pytest.mark.parametrize(
    ("written", "small"),
    [
        ("Maid of Athens, The", "the maid of athens"),
        ("Fair Maid of Cavan., The", "the fair maid of cavan"),
        ("THE RED HAIRED LASS", "the red haired lass"),
        ("The Merry Old Woman. 2nd Setting.", "the merry old woman"),
        ("Fisher's Hornpipe (2nd Setting)", "fisher's hornpipe"),
        ("Blackthorn Stick No. 2", "blackthorn stick"),
        ("ACROBAT'S -- HORNPIPE", "acrobat's"),
        ("COME UNDER MY PLADDIE -- JIG.", "come under my pladdie"),
        ("Bird's Fat:her (Lancashire) -- Clog", "bird's father"),
        ('"BULLY FOR YOU" -- JIG.', "bully for you"),
        ("The Gobby O -- Jig (or Jefferson and Liberty)", "the gobby o"),
        ("Sweet Ellen, or Figure Eight", "sweet ellen"),
        ("T:Beebe's -- Hornpipe", "beebe's"),
        ("Mrs. Judge", "mrs judge"),
        ("The Humors of Whiskey.", "the humours of whiskey"),
        ("Father Dollard’s Favorite", "father dollard's favourite"),
        ("Sea & Sand", "sea and sand"),
        ("An Cailín Rua", "an cailín rua"),
    ],
)
def test_titles_are_tidied(written, small):
    assert [tidy(title) for title in field(f"X:1\nT:{written}\nK:D\n")] == [small]


def test_a_title_that_ends_in_a_name_takes_the_rhythm_of_its_tune():
    assert examples([tune("Dan Murphy's"), tune("Dan Murphy's", rhythm="")]) == [
        ("jig", "dan murphy's jig"),
        ("", "dan murphy's"),
    ]


def test_what_cannot_be_a_title_is_not_learned():
    kept = tune("The Lamp in the Orchard")
    refused = [
        tune("Quick Step 42d. Regt."),
        tune("Lamp"),
        tune("The Lamp in the Orchard of the Man of the House"),
        tune("The Lamp Reel"),  # for a jig
        tune("La Nov\\'ell\\'e Hollande"),
        tune("Miss Bain's Strathsy.", collection="airdsAirs"),
        RawTune("irish.abc", "X:1\nK:D\nDFA|"),
    ]
    assert examples([*refused, kept, kept]) == [("jig", "the lamp in the orchard")]


def test_no_unfit_title_is_learned():
    words = [codecs.decode(word, "rot13") for word in ("pbba", "avttre", "fyhg", "qnexvrf")]
    planted = [
        tune(form.format(word)) for word in words for form in ("Old Zip {}", "The {}'s Fancy", "The Lamp ({}) of Cork", "{}, The")
    ]
    assert all(unfit(title) for each in planted for title in field(each.text))
    assert examples(planted) == []


def test_the_second_titles_of_oneill_are_known_but_not_learned():
    both = RawTune("oneills1850", "X:1\nT:Short Grass, The\nT:An Feur Gearr\nM:6/8\nR:jig\nK:D\nDFA DFA|]\n")
    assert examples([both]) == [("jig", "the short grass")]
    assert {letters("The Short Grass"), letters("An Feur Gearr")} <= known([both])


def test_every_title_of_every_collection_is_known():
    aird = tune("Willie's Auld Trews, or Deil Stick the Minister", collection="airdsAirs")
    assert {letters("Willie's Auld Trews"), letters("Deil Stick the Minister")} <= known([aird])
    assert letters("Acrobat's") in known([tune("ACROBAT'S -- HORNPIPE", collection="ryansMammoth")])


def test_the_rhythm_is_told_by_a_tunes_head_whatever_its_notes_are():
    assert examples([RawTune("irish.abc", "X:1\nT:Dan Murphy's\nR:reel\nM:4/4\nK:D\n(((A|")]) == [("reel", "dan murphy's reel")]
    assert examples([RawTune("irish.abc", "X:1\nT:Dan Murphy's\nR:reel\nM:4/4\nDFA|")]) == [("", "dan murphy's")]
