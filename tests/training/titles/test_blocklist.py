"""The blocklist finds offensive words in any disguise."""

import codecs

import pytest

from training.titles.blocklist import is_offensive

# In ROT13 so that nobody reads them by accident; see training/titles/blocklist.py.
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
        f"The Roof {ROOT[1:]}er",  # across two words
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
def test_an_offensive_word_is_found_in_any_disguise(text: str) -> None:
    assert is_offensive(text)


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
def test_harmless_words_are_accepted(text: str) -> None:
    assert not is_offensive(text)
