"""Training examples for the title model: cleaned titles of the collections, each with the rhythm of its tune."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from generator.notation.errors import NotationError
from generator.notation.reader import read
from training.corpus.rhythm import infer_rhythm
from training.corpus.sources import RawTune
from training.titles.blocklist import is_offensive
from training.titles.model import LETTERS
from training.titles.title_filter import FEWEST_WORDS, LONGEST, MOST_WORDS, SHORTEST, comparison_key, names_another_rhythm

# The titles of the other collections are Scottish and English in their own spellings: known, but not used for training.
TRAINING_COLLECTIONS = ("irish.abc", "oneills1850", "ryansMammoth")
_RHYTHM_MARKS = "reel|jig|slip ?jig|hornpipe|clog|strathspey|highland fling|fling"

_CORRECTIONS = {
    "behavior": "behaviour", "cockels": "cockles", "edinboro'": "edinburgh", "edinburg": "edinburgh", "favorite": "favourite",
    "folic": "frolic", "hornpipie": "hornpipe", "humor": "humours", "humors": "humours", "humour": "humours",
    "laborer": "labourer", "laboring": "labouring", "lullagy": "lullaby", "motherinlaw": "mother-in-law", "mountan": "mountain",
    "o'niel": "o'neill", "rememberance": "remembrance", "seige": "siege", "was'nt": "wasn't",
}  # fmt: skip


def title_fields(text: str) -> list[str]:
    """The titles in the `T:` fields of a tune."""
    fields = re.findall(r"^T:(.*)$", text, re.MULTILINE)
    return [title.strip().removeprefix("T:").strip() for title in fields]


def normalize_title(title: str) -> str:
    """Cleans up a title: lower case, article first, without numbers, settings, rhythm marks or stray characters."""
    text = unicodedata.normalize("NFC", title).lower().replace("’", "'").replace("&", " and ").replace("t:", "t")
    text = re.sub(r"\(.*?\)|\[.*?\]|%.*|\"|, or .*|\b(?:1st|2nd|3rd|first|second) setting.*|,? no\. ?\d+.*", " ", text)
    text = re.sub(rf"\s*-+\s*(?:{_RHYTHM_MARKS})\W*$|\s--.*", " ", text)
    text = re.sub(r"[\s.,:;!?]+$", "", text)
    text = re.sub(r"^(.*?)[.,]*,\s*(the|an|a)$", r"\2 \1", text)
    text = re.sub(r"[,!?]", "", re.sub(r"\b(mrs?|st|dr)\.", r"\1", text))
    return " ".join(_CORRECTIONS.get(word, word) for word in text.split())


def known_titles(raw: Iterable[RawTune]) -> set[str]:
    """Comparison keys of all titles, including secondary titles and both sides of an “or”."""
    found = set()
    for tune in raw:
        for title in title_fields(tune.text):
            sides = (title, *re.split(r",? or |/|;|\(|--", title))
            found |= {comparison_key(form) for side in sides for form in (side, normalize_title(side))}
    return found - {""}


def training_titles(raw: Iterable[RawTune]) -> list[tuple[str, str]]:
    """Distinct (rhythm, title) pairs to train on."""
    found: dict[tuple[str, str], None] = {}
    for tune in raw:
        if tune.collection not in TRAINING_COLLECTIONS:
            continue
        rhythm = _rhythm(tune)
        titles = title_fields(tune.text)
        for title in titles[:1] if tune.collection == "oneills1850" else titles:  # its second titles are in an old Irish script
            cleaned = normalize_title(title)
            if rhythm and cleaned.endswith(("'s", "s'")):
                cleaned += f" {rhythm}"  # books give the rhythm in the heading instead
            if is_learnable(cleaned, rhythm) and not is_offensive(title):
                found[rhythm, cleaned] = None
    return list(found)


def is_learnable(title: str, rhythm: str) -> bool:
    return (
        SHORTEST <= len(title) <= LONGEST
        and FEWEST_WORDS <= len(title.split()) <= MOST_WORDS
        and set(title) <= set(LETTERS)
        and not is_offensive(title)
        and not names_another_rhythm(title, rhythm)
    )


def _rhythm(tune: RawTune) -> str:
    head = re.match(r".*?^K:.*?$", tune.text, re.MULTILINE | re.DOTALL)  # reading the notes too takes a hundred times as long
    try:
        return infer_rhythm(tune, read(f"{head[0]}\nz|\n")) if head else ""
    except NotationError:
        return ""
