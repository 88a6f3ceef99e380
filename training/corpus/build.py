"""Builds the corpus: reads every tune, repairs or rejects it, and assigns its rhythm, family and split."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from generator.notation.errors import NotationError
from generator.notation.score import Score
from generator.notation.tokens import NotEncodable
from training.corpus.corpus import Corpus, Entry, Verdict
from training.corpus.families import find_families, melodic_intervals, split_of
from training.corpus.repairs import encode_repaired, read_repaired
from training.corpus.rhythm import normalize_rhythm
from training.corpus.sources import RawTune

MIN_TOKENS, MAX_TOKENS = 30, 1_200


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A tune that can be encoded; deduplication comes later."""

    number: int
    id: str
    score: Score
    tokens: list[str]
    repairs: list[str]


def build(raw: Iterable[RawTune]) -> Corpus:
    """Builds the corpus. Repaired tunes come last: a sound duplicate is preferred, and gives the family its name."""
    verdicts: dict[int, Verdict] = {}
    candidates: list[_Candidate] = []
    for number, tune in enumerate(raw, 1):
        entry_id = tune.id or f"{tune.collection}:{number}"
        title = _title(tune.text)
        try:
            score, text_repairs = read_repaired(tune.text)
            tokens, score, repairs = encode_repaired(normalize_rhythm(tune, score))
        except NotationError as error:
            verdicts[number] = Verdict(entry_id, title, "rejected", "cannot be read", str(error))
            continue
        except NotEncodable as error:
            verdicts[number] = Verdict(entry_id, title, "rejected", _category(str(error)), str(error))
            continue
        if MIN_TOKENS <= len(tokens) <= MAX_TOKENS:
            candidates.append(_Candidate(number, entry_id, score, tokens, text_repairs + repairs))
        else:
            reason = f"shorter than {MIN_TOKENS} or longer than {MAX_TOKENS:,} tokens"
            verdicts[number] = Verdict(entry_id, title, "rejected", reason, f"{len(tokens)} tokens")
    chosen: list[_Candidate] = []
    seen: dict[tuple[str, ...], str] = {}
    for candidate in sorted(candidates, key=lambda candidate: bool(candidate.repairs)):
        first = seen.setdefault(tuple(candidate.tokens[4:]), candidate.id)
        if first != candidate.id:
            verdicts[candidate.number] = Verdict(
                candidate.id, candidate.score.title, "rejected", "duplicate", f"duplicate of {first}"
            )
            continue
        verdict = Verdict(candidate.id, candidate.score.title, "used")
        if candidate.repairs:
            verdict = replace(verdict, verdict="repaired", reason=candidate.repairs[-1], detail=", ".join(candidate.repairs))
        verdicts[candidate.number] = verdict
        chosen.append(candidate)
    families = find_families([[melodic_intervals(member.score), member.id] for member in chosen])
    entries = {
        member.number: Entry(
            id=member.id,
            title=member.score.title,
            rhythm=member.score.rhythm,
            key=member.score.key.abc,
            metre=str(member.score.metre),
            family=family,
            split=split_of(family),
            tokens=member.tokens,
        )
        for member, family in zip(chosen, families, strict=True)
    }
    return Corpus([entries[number] for number in sorted(entries)], [verdicts[number] for number in sorted(verdicts)])


def _title(text: str) -> str:
    match = re.search(r"^T:(.*)", text, re.MULTILINE)
    return match[1].strip() if match else ""


def _category(message: str) -> str:
    """The category of a NotEncodable error, without the details of the tune."""
    for prefix, category in _CATEGORIES.items():
        if message.startswith(prefix):
            return category
    return message


_CATEGORIES = {
    "a bar of ": "a bar of the wrong length",
    "a free metre": "a metre without a token",
    "a note of ": "a note length without a token",
    "a pick-up of ": "a pick-up length without a token",
    "the key ": "a mode other than major, minor, dorian and mixolydian",
    "the metre ": "a metre without a token",
    "the note ": "a note outside the range of the tokens",
}
