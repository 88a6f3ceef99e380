"""Parses requests in plain words by rules: “a slow jig in G minor, please”. Used by every platform."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.core import vocabulary
from generator.request import MAX_TEMPO, MIN_TEMPO

MAX_CHARACTERS = 4_000  # the rest is ignored

Found = tuple[str, Any]  # a parameter of TuneRequest.check, or one of _MARKS, and its value
_MARKS = ("filler", "ask", "again", "stop")


@dataclass(frozen=True, slots=True)
class Words:
    """What was found in a text."""

    parameters: dict[str, Any] = field(default_factory=dict)  # for TuneRequest.check, which may refuse them
    is_request: bool = False  # asks for something, unlike a remark about a tune (“lovely reel!”)
    again: bool = False  # asks for another tune like the last one
    stop: bool = False  # ends a session
    unknown: tuple[str, ...] = ()


def words_in(text: str) -> Words:
    """Parses the text in time proportional to its length. Unknown words are skipped."""
    text = unicodedata.normalize("NFC", text[:MAX_CHARACTERS])
    parameters: dict[str, Any] = {}
    text = _QUOTED_MODEL.sub(r"\1: \2 ", text)
    if quoted := _QUOTED.search(text):
        parameters["title"] = next(filter(None, quoted.groups()))
        text = f"{text[: quoted.start()]} , {text[quoted.end() :]}"
    if model := _MODEL.search(text):
        parameters["model"] = next(filter(None, model.groups()))
        text = f"{text[: model.start()]} , {text[model.end() :]}"
    tokens = _TOKEN.findall(text)
    words = [_plain(word) for word in tokens]
    marks: set[str] = set()
    unknown: list[str] = []
    index = negated_until = 0
    while index < len(words):
        negated = _is_negated(words, index)
        negated_until = 0 if words[index] in _SENTENCE_ENDS else negated_until
        step, found = (
            _number(words, index)
            or _key(tokens, words, index)
            or _phrase(words, index, negated=negated or index < negated_until)
            or (1, None)
        )
        if found is None:
            unknown.append(tokens[index])
        elif found[0] in _MARKS:
            marks.add(found[0])
        elif found[0] == "without":
            parameters["without"] = [*parameters.get("without", ()), found[1]]
            negated_until = index + step + 2  # “without triplets and rests”
        elif found[0] != "mood":
            parameters.setdefault(*found)
            if found[0] == "mode":
                marks.add("ask")
            elif words[index] in _NEGATIONS:
                negated_until = index + step + 2  # “without backing and triplets”
        elif not negated:  # “not too fast”
            parameters = found[1] | parameters
            if words[index] in _MORE:
                marks.add("ask")
        index += step
    if parameters.get("mode") != "vary":
        parameters.pop("strength", None)
    is_request = not marks.isdisjoint({"ask", "again"}) or (bool(parameters) and not unknown)
    return Words(parameters, is_request, "again" in marks, "stop" in marks and not unknown, tuple(unknown))


_QUOTED = re.compile(r"“([^“”\n]{1,200})”|„([^„“”\n]{1,200})[“”]|«\s?([^«»\n]{1,200}?)\s?»|\"([^\"\n]{1,200})\"")
# A name after a colon, or a name with a digit: “model: airs”, “with model aird-1”; “a model tune” has none. It ends with a
# letter or a digit, since a full stop may follow.
_NAME = r"\w(?:[\w.-]{0,40}\w)?"
_MODEL = re.compile(rf"\b(?:{vocabulary.MODEL})(?:\s?:\s?({_NAME})|\s((?=[\w.-]{{1,41}}\d)(?!\d+\b){_NAME}))", re.IGNORECASE)
_QUOTED_MODEL = re.compile(
    rf"\b({vocabulary.MODEL})(?:\s?:\s?|\s)(?:[“„«\"]|[`*]{{1,2}})\s?({_NAME})\s?(?:[“”»\"]|[`*]{{1,2}})", re.IGNORECASE
)
_CHORD = re.compile(r"[A-G][#♯b♭]?(?:maj|min|m|dim|aug|sus|add)?\d{1,2}(?![\w/])")  # `Dm7`, which is no key
_TOKEN = re.compile(
    rf"\d{{1,2}}/\d{{1,2}}(?![\d/])|\d{{1,12}}(?:[.,]\d{{1,4}})?|{_CHORD.pattern}|[A-Ga-g][#♯♭](?:[^\W\d_]{{1,20}})?|[^\W\d_]+|[?!.,;:]"
)


def _plain(word: str) -> str:
    """Lower case without accents, which people often omit: “ríl”, “Flöte”, “rápido”."""
    letters = unicodedata.normalize("NFKD", word.replace("♯", "#").replace("♭", "b").casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _phrases(text: str) -> Iterable[tuple[str, ...]]:
    return (tuple(_plain(phrase).split()) for phrase in text.split("|"))


def _names(text: str) -> set[str]:
    return {" ".join(phrase) for phrase in _phrases(text)}


def _known() -> dict[tuple[str, ...], Found]:
    """All phrases and their meanings. If two lists contain a phrase, the later one wins."""
    lists: list[tuple[Found, str]] = [
        (("filler", True), vocabulary.FILLERS),
        (("ask", True), vocabulary.ASK),
        (("again", True), vocabulary.AGAIN),
        (("stop", True), vocabulary.STOP),
        *((("strength", strength), words) for strength, words in vocabulary.STRENGTHS.items()),
        *((("mood", mood), words) for mood, words in vocabulary.MOODS),
        *((("structure", structure), words) for structure, words in vocabulary.STRUCTURES.items()),
        *((("backing", on), words) for on, words in vocabulary.BACKING.items()),
        *((("times", times), words) for times, words in vocabulary.TIMES.items()),
        *((("without", name), words) for name, words in vocabulary.OMISSIONS.items()),
        *((("mode", mode), words) for mode, words in vocabulary.TREATMENTS.items()),
        *((("instrument", name), f"{name}|{name}s|{words}") for name, words in vocabulary.INSTRUMENTS.items()),
        *((("rhythm", name), f"{name}|{name}s|{words}") for name, words in vocabulary.RHYTHMS.items()),
    ]
    return {phrase: found for found, words in lists for phrase in _phrases(words)}


_KNOWN = _known()
_LONGEST = max(map(len, _KNOWN))
_MORE, _NEGATIONS = _names(vocabulary.MORE), _names(vocabulary.NEGATIONS)
_SENTENCE_ENDS = set(".!?;")


def _phrase(words: list[str], index: int, *, negated: bool = False) -> tuple[int, Found] | None:
    """The longest known phrase that starts at `index`: its number of words and its meaning. Omissions must be negated."""
    for length in range(min(_LONGEST, len(words) - index), 0, -1):
        found = _KNOWN.get(tuple(words[index : index + length]))
        if found and (negated or found[0] != "without"):
            return length, found
    return None


def _is_negated(words: list[str], index: int) -> bool:
    """Whether a negation is one or two words before `index`. “no, triplets please” negates nothing."""
    near = words[max(index - 2, 0) : index]
    return not _NEGATIONS.isdisjoint(near if _SENTENCE_ENDS.isdisjoint(near) and "," not in near else near[-1:])


_NUMBERS = {word: name for name, words in vocabulary.NUMBERS.items() for word in _names(words)}


def _number(words: list[str], index: int) -> tuple[int, Found] | None:
    """“6/8”, “seed 7”, “temperature: 0.8”. A number without a name is ignored."""
    beats, slash, unit = words[index].partition("/")
    if slash:
        return (1, ("metre", words[index])) if unit in ("2", "4", "8", "16") and int(beats) else None
    name = _NUMBERS.get(words[index])
    value_index = index + 2 if _next(words, index + 1) == ":" else index + 1
    typed = _next(words, value_index)
    if name is None or not re.fullmatch(r"\d+(?:[.,]\d+)?", typed, re.ASCII):
        return None
    number = float(typed.replace(",", "."))
    if name == "tempo" and not MIN_TEMPO <= number <= MAX_TEMPO:
        return None  # probably beats per minute
    return value_index - index + 1, (name, int(number) if name in ("seed", "strength") else number)


_MODE_OF = {word: mode for mode, words in vocabulary.MODES.items() for word in _names(f"{mode}|{words}")}
# In one word: `Ador`, `F#m`, `Gmaj`. After a lower-case letter the mode needs three letters: “am” and “dm” are words.
_ONE_WORD = re.compile(r"([A-G])([#b]?)(m|maj|min|dor|mix|phr|lyd|loc|major|minor|dorian|mixolydian)", re.IGNORECASE)
_LETTER = re.compile(r"([A-Ga-g])([#b]?)")
_SHIFTS = {word: shift for shift, words in vocabulary.SHIFTS.items() for word in _names(words)}
_IN, _OF_A_SCALE = _names(vocabulary.BEFORE_A_KEY), _names(vocabulary.OF_A_SCALE)
_NO_OTHER_WORDS = {"do", "ut", "re", "fa", "sol"}  # “la”, “mi” and “si” are French or Spanish words
_ENDS = {"", ",", ".", "!", "?", ";", "please", "bitte"}


def _key(tokens: list[str], words: list[str], index: int) -> tuple[int, Found] | None:
    """A key, or a mode alone, that starts at `index`."""
    word, before = tokens[index].replace("♯", "#").replace("♭", "b"), words[index - 1] if index else ""
    if _CHORD.fullmatch(word):
        return (1, ("key", word)) if before in _IN else None  # the check of the request says that it is no key
    whole = _ONE_WORD.fullmatch(word)
    if whole and (word[0].isupper() or len(whole[3]) > 2) and _next(words, index + 1) != "i":  # “Am I …”
        return 1, ("key", f"{whole[1].upper()}{whole[2]} {_MODE_OF.get(whole[3].lower(), 'minor')}")
    if tonic := _tonic(word, words, index):
        name, step = tonic
        mode = _MODE_OF.get(_next(words, index + step))
        article = tokens[index] == "a" and _next(words, index + 1) not in ("moll", "dur")
        if mode and (not article or (before in _IN and not _tune_follows(words, index + step + 1))):  # “in a minor key”
            return step + 1, ("key", f"{name} {mode}")
        # A capital letter alone is a key only where one is expected. “A” before the name of a tune is an article.
        if not mode and word[0].isupper() and not (word == "A" and _tune_follows(words, index + step)):
            expected = before in _IN or len(name) > 1 or len(words) == 1
            ends = word != "A" and index > 0 and (_next(words, index + step) in _ENDS or _tune_follows(words, index + step))
            if expected or ends:
                return step, ("key", name)
    if before == "en" and words[index] in _NO_OTHER_WORDS and _next(words, index + 1) in _ENDS:  # “en ré”
        return 1, ("key", vocabulary.SOLFEGE[words[index]])
    alone = _MODE_OF.get(words[index]) if len(words[index]) > 3 else None
    if alone in ("major", "minor") and not (before in _IN | _OF_A_SCALE or _tune_follows(words, index + 1)):
        return None  # “a major problem”
    return (1, ("key", alone)) if alone else None


def _tonic(word: str, words: list[str], index: int) -> tuple[str, int] | None:
    """A tonic that starts at `index`, in ABC notation, and its number of words: “F sharp”, “si bémol”, “fis” before “Moll”."""
    letter, after = _LETTER.fullmatch(word), _next(words, index + 1)
    solfege = vocabulary.SOLFEGE.get(words[index])
    if (shift := _SHIFTS.get(after)) and (solfege or (letter and not letter[2])):
        return (solfege or word.upper()) + shift, 2
    if after in ("dur", "moll") and words[index] in vocabulary.GERMAN_TONICS:
        return vocabulary.GERMAN_TONICS[words[index]], 1
    if solfege:
        return (solfege, 1) if after in _MODE_OF else None
    return (letter[1].upper() + letter[2], 1) if letter else None


def _tune_follows(words: list[str], index: int) -> bool:
    """Whether a rhythm or a word for a scale follows: “a minor jig”, “in a minor key”."""
    found = _phrase(words, index)
    return _next(words, index) in _OF_A_SCALE or (found is not None and found[1][0] == "rhythm")


def _next(words: list[str], index: int) -> str:
    return words[index] if index < len(words) else ""
