"""Accepts or rejects generated titles: well-formed, built like known titles, matching the rhythm, not offensive, and new.

All functions take titles in lower case, with words separated by single spaces.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from generator.notation.metres import RHYTHMS, rhythm_named
from training.titles.blocklist import is_offensive
from training.titles.words import NOT_FIRST, NOT_LAST, OTHER_DANCES, SMALL_WORDS, word_kind

SHORTEST, LONGEST = 6, 40  # characters
FEWEST_WORDS, MOST_WORDS = 2, 6
# Number of distinct words that a word must have preceded, or followed, to be accepted beside new ones.
MIN_FOLLOWERS, MIN_PREDECESSORS = 3, 2


# “Highland” means a strathspey only at the end: there are highland lasses.
_RHYTHM_NAMES = {name for rhythm in RHYTHMS.values() for name in (rhythm.name, *rhythm.aliases)} - {"highland"}
_RHYTHM = re.compile(rf"\b({'|'.join(sorted(_RHYTHM_NAMES, key=len, reverse=True))})(?:e?s)?\b|\b(highland)$")


def comparison_key(title: str) -> str:
    """A key for comparing titles: without case, accents, articles, rhythms, punctuation, spaces or American spelling."""
    folded = unicodedata.normalize("NFKD", title).lower().replace("&", " and ").replace("-", " ")
    words = re.sub(r"[^a-z ]", "", folded).split()
    text = _RHYTHM.sub("", " ".join(word for word in words if word not in ("the", "a", "an")))
    return re.sub(r"favorite", "favourite", re.sub(r"humou?r", "humour", text)).replace(" ", "")


def names_another_rhythm(title: str, rhythm: str) -> bool:
    """Whether a title names another dance than the rhythm of the tune."""
    if not OTHER_DANCES.isdisjoint(title.split()):
        return True
    named = (rhythm_named(match[1] or match[2]) for match in _RHYTHM.finditer(title))
    return any(each is None or each.name != rhythm for each in named)


def is_malformed(title: str) -> bool:
    """Whether a title has a wrong length, ends or begins in the middle of a phrase, repeats a word or has stray characters."""
    words = title.split(" ")
    return (
        not SHORTEST <= len(title) <= LONGEST
        or not FEWEST_WORDS <= len(words) <= MOST_WORDS
        or any(not re.fullmatch(r"'?[a-záéíóú]+(?:['-][a-záéíóú]+)*'?", word) for word in words)
        or any(len(word) == 1 and word not in ("a", "i", "o") for word in words)
        or words[-1] in NOT_LAST
        or words[0] in NOT_FIRST
        or any(one == two or (one in NOT_LAST and two in ("and", "of", "or")) for one, two in pairwise(words))
    )


def patterns_of(title: str) -> list[str]:
    """Each word of a title with the kinds of its neighbours, and the sequence of all kinds."""
    words = title.split(" ")
    kinds = ["<", *map(word_kind, words), ">"]
    return [f"{kinds[index]} {word} {kinds[index + 2]}" for index, word in enumerate(words)] + [" ".join(kinds)]


def word_pairs(title: str) -> list[tuple[str, str]]:
    """Adjacent words that are of no special kind, such as “morning star”, without 's."""
    return [
        (one, re.sub(r"'s$|(?<=s)'$", "", two))
        for one, two in pairwise(title.split(" "))
        if word_kind(one) == "-" and word_kind(two) in ("-", "'s")
    ]


def learn_patterns(titles: Iterable[str]) -> set[str]:
    """The patterns of all titles, with “green *” for a word seen before many others and “* maid” for one seen after many."""
    patterns, before, after = set(), defaultdict(set), defaultdict(set)
    for title in titles:
        patterns.update(patterns_of(title))
        for one, two in word_pairs(title):
            patterns.add(f"{one} {two}")
            before[one].add(two)
            after[two].add(one)
    patterns |= {f"{word} *" for word, others in before.items() if len(others) >= MIN_FOLLOWERS}
    return patterns | {f"* {word}" for word, others in after.items() if len(others) >= MIN_PREDECESSORS}


def to_title_case(title: str) -> str:
    """Title case: “the humours of o'neill” becomes “The Humours of O'Neill”."""
    words = title.split(" ")
    last = len(words) - 1
    return " ".join(word if word in SMALL_WORDS and 0 < index < last else _capital(word) for index, word in enumerate(words))


def _capital(word: str) -> str:
    word = "-".join(part[:1].upper() + part[1:] for part in word.split("-"))
    word = re.sub(r"^'(\w)", lambda match: f"'{match[1].upper()}", word)
    return re.sub(r"^(O'|D'|Mc)(\w)", lambda match: match[1] + match[2].upper(), word)


@dataclass(frozen=True, slots=True)
class TitleFilter:
    """Rejects titles that are built unlike the training titles, and known titles."""

    patterns: frozenset[str]  # see `learn_patterns`
    known_forms: frozenset[str]  # wildcard forms of all known titles

    @classmethod
    def of(cls, learned: Iterable[str], known_titles: Iterable[str]) -> Self:
        """`learned`: titles in lower case; `known_titles`: comparison keys."""
        return cls(frozenset(learn_patterns(learned)), frozenset(form for text in known_titles for form in _wildcard_forms(text)))

    def rejection_reason(self, title: str, rhythm: str) -> str | None:
        """Why a title is rejected; None for a good title."""
        if is_malformed(title):
            return "malformed"
        if names_another_rhythm(title, rhythm):
            return "another rhythm"
        if not self.patterns.issuperset(patterns_of(title)):
            return "unknown pattern"
        for one, two in word_pairs(title):
            if f"{one} {two}" not in self.patterns and not {f"{one} *", f"* {two}"} <= self.patterns:
                return "unknown word pair"
        if is_offensive(title):
            return "offensive"
        return "known" if self.is_known(title) else None

    def is_known(self, title: str) -> bool:
        """Whether the title is a known title or differs from one by a single letter."""
        return not self.known_forms.isdisjoint(_wildcard_forms(comparison_key(title)))


def _wildcard_forms(text: str) -> Iterator[str]:
    """All forms of a text with a wildcard for, or between, its letters. Texts that differ by one letter share a form."""
    for index in range(len(text) + 1):
        yield f"{text[:index]}?{text[index:]}"
        if index < len(text):
            yield f"{text[:index]}?{text[index + 1 :]}"
