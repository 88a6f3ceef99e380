"""The words that no title holds, however they are spelt."""

import codecs

import pytest

from training.titles.unfit import unfit

# Not to be read by accident; see training/titles/unfit.py.
ROOT, WORD, INSULT = (codecs.decode(word, "rot13") for word in ("shpx", "pbpx", "pbba"))


def planted() -> list[str]:
    spaced = " ".join(ROOT)
    leet = ROOT.replace("u", "ü").upper()
    return [
        f"The {ROOT} of Cork",
        f"The {ROOT}ing Piper",
        f"The {leet} of Cork",
        f"The {spaced} of Cork",
        f"The {'.'.join(ROOT)} of Cork",
        f"The {ROOT[0]}{ROOT[1] * 4}{ROOT[2:]} of Cork",
        f"Kiss{ROOT}oo",
        f"The Roof {ROOT[1:]}er",  # over the joint
        f"The {WORD}",
        f"The {WORD}s' Fancy",
        f"The {WORD[:2]} {WORD[2:]} of Cork",
        f"The {WORD.replace('o', '0')}",
        f"The {' '.join(WORD)}",
        f"Old Zip {INSULT}",
        f"The {INSULT.replace('o', '0')}s",
        f"Zip-{INSULT}'s Reel",
        "Jim Crow's Reel",
        "Jump, Jim Crow",
        "Uncle Tom's Best",
        "The Black Girl",
        "The Dark Maid of the Glen",
        "Yellow Women",
    ]


@pytest.mark.parametrize("text", planted(), ids=range(len(planted())))
def test_a_word_that_no_title_holds_is_found_however_it_is_spelt(text):
    assert unfit(text)


@pytest.mark.parametrize(
    "text",
    [
        "The Peacock's Feather",
        "Woodcock Hill",
        "The Cuckoo's Nest",
        "Essex Wedding",
        "The Dark Haired Lass",
        "The Black Horse",
        "The White Cockade",
        "The Grapes of Cassel",
        "Paddy's Return",
        "The Rakes of Mallow",
        "Cooney's Polka",
        "Lannigan's Barn",
        "Derwentwater's Farewell",
    ],
)
def test_harmless_words_are_let_through(text):
    assert not unfit(text)
