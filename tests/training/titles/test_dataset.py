"""Titles of the collections become training examples."""

import codecs

import pytest

from tests.training.tunes import melody, text
from training.corpus.sources import RawTune
from training.titles.blocklist import is_offensive
from training.titles.dataset import known_titles, normalize_title, title_fields, training_titles
from training.titles.title_filter import comparison_key


def tune(title: str, *, collection: str = "irish.abc", rhythm: str = "jig") -> RawTune:
    return RawTune(collection, text(melody(1), title=title, rhythm=rhythm))


@pytest.mark.parametrize(
    ("written", "expected"),
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
def test_titles_are_normalized(written: str, expected: str) -> None:
    assert [normalize_title(title) for title in title_fields(f"X:1\nT:{written}\nK:D\n")] == [expected]


def test_a_title_that_ends_in_a_genitive_gets_the_rhythm_of_its_tune() -> None:
    assert training_titles([tune("Dan Murphy's"), tune("Dan Murphy's", rhythm="")]) == [
        ("jig", "dan murphy's jig"),
        ("", "dan murphy's"),
    ]


def test_unsuitable_titles_are_not_used_for_training() -> None:
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
    assert training_titles([*refused, kept, kept]) == [("jig", "the lamp in the orchard")]


def test_offensive_titles_are_not_used_for_training() -> None:
    words = [codecs.decode(word, "rot13") for word in ("pbba", "avttre", "fyhg", "qnexvrf")]
    planted = [
        tune(form.format(word)) for word in words for form in ("Old Zip {}", "The {}'s Fancy", "The Lamp ({}) of Cork", "{}, The")
    ]
    assert all(is_offensive(title) for each in planted for title in title_fields(each.text))
    assert training_titles(planted) == []


def test_second_titles_of_oneill_are_known_but_not_used_for_training() -> None:
    both = RawTune("oneills1850", "X:1\nT:Short Grass, The\nT:An Feur Gearr\nM:6/8\nR:jig\nK:D\nDFA DFA|]\n")
    assert training_titles([both]) == [("jig", "the short grass")]
    assert {comparison_key("The Short Grass"), comparison_key("An Feur Gearr")} <= known_titles([both])


def test_every_title_of_every_collection_is_known() -> None:
    aird = tune("Willie's Auld Trews, or Deil Stick the Minister", collection="airdsAirs")
    assert {comparison_key("Willie's Auld Trews"), comparison_key("Deil Stick the Minister")} <= known_titles([aird])
    assert comparison_key("Acrobat's") in known_titles([tune("ACROBAT'S -- HORNPIPE", collection="ryansMammoth")])


def test_the_rhythm_comes_from_the_header_even_if_the_notes_are_unreadable() -> None:
    assert training_titles([RawTune("irish.abc", "X:1\nT:Dan Murphy's\nR:reel\nM:4/4\nK:D\n(((A|")]) == [
        ("reel", "dan murphy's reel")
    ]
    assert training_titles([RawTune("irish.abc", "X:1\nT:Dan Murphy's\nR:reel\nM:4/4\nDFA|")]) == [("", "dan murphy's")]
