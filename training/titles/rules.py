"""What a title looks like: how it is compared, which dance it names, how it is put together and written; and which are good.

All of it works on titles in small letters, words divided by single spaces.
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
from training.titles.unfit import unfit

SHORTEST, LONGEST = 6, 40  # characters
FEWEST_WORDS, MOST_WORDS = 2, 6
BEFORE, AFTER = 3, 2  # neighbours that a word has had on either side, for new ones to be trusted


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SMALL = _listed("a an and at by de for from in is it le na o' of on or the to up wi' with")  # within a title
_NOT_FIRST = _listed("and o' of or than")
_NOT_LAST = _listed("""
a an and at but by captain doctor father for from her his i i'm if in into is its lady like little lord mac mc miss mrs my
na no o' of old on or our planxty saint she sir st than that the their they to upon when where who wi' will with without
you're young your
""")
_OTHER_DANCES = _listed("""
allemanda allemande barndance cotillion cotillon fandango galop gavotte lancers mazurka minuet quadrille rant redowa
schottische set sett varsovienne walkaround
""")
# Each of these is a kind of word of its own: what stands beside it tells much of what else may.
_FRAME = _listed("""
a above after against alive all along always among an and any are around as at away back be been before behind beside but by
can come could did do does don't down each early easy ever every for forth from full get give go going gone good had has
have he her here him his how i i'd i'll i'm if in into is it just let let's like long love make many me more my never new no
not now o o' of off oh on once one or our out over put round she so some still such take tell than that the their them then
there they this thou three through till to too two under until up upon us was we well were what when where which who why
will with within without would you your
""")
# Kinds whose words may stand for each other.
_STYLES = _listed("""
captain chief col colonel corporal count countess doctor duchess duke earl father gen general king lady lord madam madame
major marquis master miss mother mr mrs planxty president prince princess queen saint sergeant sheriff sir squire st widow
""")
_NAMES = _listed("""
alexander alice andrew andy ann anne annie barney ben bessy betty biddy bill billy bob bobby brian bridget bryan caitlin
catherine celia charles charley charlie con connie dan daniel danny darby davy denis dermot dick dinny dominick eddie edmond
eileen eleanor elizabeth ellen felix finbar francis frank fred garrett george grace harry hugh hughie isabella jack jackie
james jane jenny jerry jim jimmy joe john johnie johnny jonathan judy julia kate katey kathleen katie katy kevin kit kitty
larry lucy luke maggie margaret mark martin mary matt maud maude may michael micho mickey mike moll mollie molly morgan
nancy neal ned neil nell nora norah owen paddy padraig pat patrick patsy peg peggy peter phil philip polly richard robert
robin roger rory rosie sally sam sandy sarah sean shane sheela sheila sue susan susie tadhg teddy terence terry thady thomas
tim toby tom tommy tony turlough vincent will william willie willy winnie
""")
_QUALITIES = _listed("""
bashful battering big black blind bloomin blooming blue bold bonnie bonny brave bright brisk broken brown bumper charming
cheerful crooked curly dainty dark dear drowsy drunken dusty enchanted fair fairhaired faithful false fine flowing foggy
forlorn friendly funny gallant gentle golden grassy great green grey grumbling handsome handy happy heathery heathy high
hurling jolly kind lilting little lonely long lovely lucky mad merry mountainy moving musical nimble old pale penniless
pleasant poor pretty proud purty rakish rambling ranting ravelled red redhaired roaring rocky rolling rough roving rushy sad
shady silken silver sly small smokey smoky snowy snug sporting strolling sunny swaggering sweet tall tidy true twin
unfortunate wandering weary whistling white wild windy winsome wounded yellow young
""")
_KINDS = {word: kind for kind, words in (("Mrs", _STYLES), ("Pat", _NAMES), ("old", _QUALITIES)) for word in words}

# “Highland” is a strathspey only at the end: there are highland lasses.
_RHYTHM_NAMES = {name for rhythm in RHYTHMS.values() for name in (rhythm.name, *rhythm.words)} - {"highland"}
_RHYTHM = re.compile(rf"\b({'|'.join(sorted(_RHYTHM_NAMES, key=len, reverse=True))})(?:e?s)?\b|\b(highland)$")


def letters(title: str) -> str:
    """The title as it is compared: without case, accents, articles, rhythms, punctuation, spaces, or American spelling."""
    folded = unicodedata.normalize("NFKD", title).lower().replace("&", " and ").replace("-", " ")
    words = re.sub(r"[^a-z ]", "", folded).split()
    text = _RHYTHM.sub("", " ".join(word for word in words if word not in ("the", "a", "an")))
    return re.sub(r"favorite", "favourite", re.sub(r"humou?r", "humour", text)).replace(" ", "")


def names_other_rhythm(title: str, rhythm: str) -> bool:
    """Whether a title speaks of a dance that the tune is not."""
    if not _OTHER_DANCES.isdisjoint(title.split()):
        return True
    named = (rhythm_named(match[1] or match[2]) for match in _RHYTHM.finditer(title))
    return any(each is None or each.name != rhythm for each in named)


def ill_formed(title: str) -> bool:
    """Whether a title is too long or short, breaks off, stammers or holds a stray sign."""
    words = title.split(" ")
    return (
        not SHORTEST <= len(title) <= LONGEST
        or not FEWEST_WORDS <= len(words) <= MOST_WORDS
        or any(not re.fullmatch(r"'?[a-záéíóú]+(?:['-][a-záéíóú]+)*'?", word) for word in words)
        or any(len(word) == 1 and word not in ("a", "i", "o") for word in words)
        or words[-1] in _NOT_LAST
        or words[0] in _NOT_FIRST
        or any(one == two or (one in _NOT_LAST and two in ("and", "of", "or")) for one, two in pairwise(words))
    )


def shape(title: str) -> list[str]:
    """What a title is built of: each word with the kinds of its neighbours, and all kinds in their order."""
    words = title.split(" ")
    kinds = ["<", *map(_kind, words), ">"]
    return [f"{kinds[place]} {word} {kinds[place + 2]}" for place, word in enumerate(words)] + [" ".join(kinds)]


def joints(title: str) -> list[tuple[str, str]]:
    """The pairs of words of no special kind that stand side by side, as “morning star”, without 's."""
    return [
        (one, re.sub(r"'s$|(?<=s)'$", "", two))
        for one, two in pairwise(title.split(" "))
        if _kind(one) == "-" and _kind(two) in ("-", "'s")
    ]


def shapes(titles: Iterable[str]) -> set[str]:
    """What titles are built of, with “green *” for a word that stands before many others, and “* maid” for one after many."""
    parts, before, after = set(), defaultdict(set), defaultdict(set)
    for title in titles:
        parts.update(shape(title))
        for one, two in joints(title):
            parts.add(f"{one} {two}")
            before[one].add(two)
            after[two].add(one)
    parts |= {f"{word} *" for word, others in before.items() if len(others) >= BEFORE}
    return parts | {f"* {word}" for word, others in after.items() if len(others) >= AFTER}


def _kind(word: str) -> str:
    if word in _FRAME:
        return word
    return "'s" if word.endswith(("'s", "s'")) else _KINDS.get(word, "-")


def cased(title: str) -> str:
    """With capitals: “the humours of o'neill” is The Humours of O'Neill."""
    words = title.split(" ")
    last = len(words) - 1
    return " ".join(word if word in _SMALL and 0 < place < last else _capital(word) for place, word in enumerate(words))


def _capital(word: str) -> str:
    word = "-".join(part[:1].upper() + part[1:] for part in word.split("-"))
    word = re.sub(r"^'(\w)", lambda match: f"'{match[1].upper()}", word)
    return re.sub(r"^(O'|D'|Mc)(\w)", lambda match: match[1] + match[2].upper(), word)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a new title has to keep to: it is built as those that were learned, and none of those that are known."""

    parts: frozenset[str]  # see `shapes`
    blurred: frozenset[str]  # of the known titles

    @classmethod
    def of(cls, learned: Iterable[str], known: Iterable[str]) -> Self:
        """From titles in small letters, and from known ones as they are compared."""
        return cls(frozenset(shapes(learned)), frozenset(form for text in known for form in _blurred(text)))

    def refusal(self, title: str, rhythm: str) -> str | None:
        """The rule that a title breaks, None for a good one."""
        if ill_formed(title):
            return "ill-formed"
        if names_other_rhythm(title, rhythm):
            return "other rhythm"
        if not self.parts.issuperset(shape(title)):
            return "ill-shaped"
        for one, two in joints(title):
            if f"{one} {two}" not in self.parts and not {f"{one} *", f"* {two}"} <= self.parts:
                return "ill-matched"
        if unfit(title):
            return "unfit"
        return "known" if self.is_known(title) else None

    def is_known(self, title: str) -> bool:
        """Whether the title is one of the collections', or but one letter away from it."""
        return not self.blurred.isdisjoint(_blurred(letters(title)))


def _blurred(text: str) -> Iterator[str]:
    """The text with a letter, or one more between its letters, left open: what is one letter apart has such a form in common."""
    for place in range(len(text) + 1):
        yield f"{text[:place]}?{text[place:]}"
        if place < len(text):
            yield f"{text[:place]}?{text[place + 1 :]}"
