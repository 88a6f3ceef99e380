"""What the title model learns from: the titles of the collections, made ready."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from generator.notation.errors import NotationError
from generator.notation.reader import read
from training.corpus.corpus import infer_rhythm
from training.corpus.sources import RawTune
from training.titles.model import LETTERS
from training.titles.rules import FEWEST_WORDS, LONGEST, MOST_WORDS, SHORTEST, letters, names_other_rhythm
from training.titles.unfit import unfit

# Aird's and the miscellany's names are Scottish and English, in spellings of their own: their titles are known, not learned.
LEARNED = ("irish.abc", "oneills1850", "ryansMammoth")
_MARK = "reel|jig|slip ?jig|hornpipe|clog|strathspey|highland fling|fling"

_MISPRINTS = {
    "behavior": "behaviour", "cockels": "cockles", "edinboro'": "edinburgh", "edinburg": "edinburgh", "favorite": "favourite",
    "folic": "frolic", "hornpipie": "hornpipe", "humor": "humours", "humors": "humours", "humour": "humours",
    "laborer": "labourer", "laboring": "labouring", "lullagy": "lullaby", "motherinlaw": "mother-in-law", "mountan": "mountain",
    "o'niel": "o'neill", "rememberance": "remembrance", "seige": "siege", "was'nt": "wasn't",
}  # fmt: skip


def field(text: str) -> list[str]:
    """The titles in a tune's `T:` fields."""
    found = re.findall(r"^T:(.*)$", text, re.MULTILINE)
    return [title.strip().removeprefix("T:").strip() for title in found]


def tidy(title: str) -> str:
    """A collection's title in small letters, without numbers, settings, rhythm marks and stray signs; articles in front."""
    text = unicodedata.normalize("NFC", title).lower().replace("’", "'").replace("&", " and ").replace("t:", "t")
    text = re.sub(r"\(.*?\)|\[.*?\]|%.*|\"|, or .*|\b(?:1st|2nd|3rd|first|second) setting.*|,? no\. ?\d+.*", " ", text)
    text = re.sub(rf"\s*-+\s*(?:{_MARK})\W*$|\s--.*", " ", text)
    text = re.sub(r"[\s.,:;!?]+$", "", text)
    text = re.sub(r"^(.*?)[.,]*,\s*(the|an|a)$", r"\2 \1", text)
    text = re.sub(r"[,!?]", "", re.sub(r"\b(mrs?|st|dr)\.", r"\1", text))
    return " ".join(_MISPRINTS.get(word, word) for word in text.split())


def known(raw: Iterable[RawTune]) -> set[str]:
    """Every title of every collection as titles are compared: also the second ones, and each side of an “or”."""
    found = set()
    for tune in raw:
        for title in field(tune.text):
            sides = (title, *re.split(r",? or |/|;|\(|--", title))
            found |= {letters(form) for side in sides for form in (side, tidy(side))}
    return found - {""}


def examples(raw: Iterable[RawTune]) -> list[tuple[str, str]]:
    """Rhythm and title of what the model learns from: each once, in small letters, none of them unfit."""
    found: dict[tuple[str, str], None] = {}
    for tune in raw:
        if tune.collection not in LEARNED:
            continue
        rhythm = _rhythm(tune)
        titles = field(tune.text)
        for title in titles[:1] if tune.collection == "oneills1850" else titles:  # its second titles are Irish in an old script
            text = tidy(title)
            if rhythm and text.endswith(("'s", "s'")):
                text += f" {rhythm}"  # the books leave it to the heading
            if learnable(text, rhythm) and not unfit(title):
                found[rhythm, text] = None
    return list(found)


def learnable(text: str, rhythm: str) -> bool:
    return (
        SHORTEST <= len(text) <= LONGEST
        and FEWEST_WORDS <= len(text.split()) <= MOST_WORDS
        and set(text) <= set(LETTERS)
        and not unfit(text)
        and not names_other_rhythm(text, rhythm)
    )


def _rhythm(tune: RawTune) -> str:
    head = re.match(r".*?^K:.*?$", tune.text, re.MULTILINE | re.DOTALL)  # reading the notes would take a hundred times as long
    try:
        return infer_rhythm(tune, read(f"{head[0]}\nz|\n")) if head else ""
    except NotationError:
        return ""
