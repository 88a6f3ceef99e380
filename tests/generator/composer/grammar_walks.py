"""Writes tunes under the grammar with simple models: at random, or with a preference for some tokens."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from generator.composer.form import Form
from generator.composer.grammar import Grammar
from generator.notation import tokens as t
from generator.notation.keys import Key, Mode, transpose_tonic
from generator.notation.metres import Metre

TONICS = {mode: [transpose_tonic(pitch_class, mode) for pitch_class in range(12)] for mode in t.MODES}


NAMES = np.array(t.VOCABULARY, object)
Choice = Callable[[list[str], list[str]], str]  # (tokens taken, legal tokens) → the next token


def begin_arguments(key: Key, metre: Metre | None = None, **others: Any) -> dict[str, Any]:
    """The arguments of Grammar.begin for a tune in one key."""
    return {"form": Form(), "keys": [key], "metre": metre, "mode": key.mode} | others


def walk(
    tunes_to_write: Sequence[dict[str, Any]], choices: Sequence[Choice], limit: int = 3000
) -> tuple[Grammar, list[list[str]]]:
    """Writes a tune for each of the arguments of Grammar.begin, by a choice among the legal tokens. Fails at a dead end."""
    grammar = Grammar(len(tunes_to_write))
    for row, wanted in enumerate(tunes_to_write):
        grammar.begin(row, **wanted)
    tunes: list[list[str]] = [[] for _ in tunes_to_write]
    while not grammar.state["done"].all():
        masks, taken = grammar.mask(), np.zeros(len(tunes_to_write), np.int64)
        for row in np.flatnonzero(grammar.state["done"] == 0).tolist():
            legal = NAMES[masks[row]].tolist()
            assert legal, f"a dead end after {tunes[row][-8:]}"
            tunes[row].append(choices[row](tunes[row], legal))
            taken[row] = t.INDEX[tunes[row][-1]]
            assert len(tunes[row]) < limit, "no end"
        grammar.advance(taken)
    return grammar, tunes


def grammar_after(wanted: dict[str, Any], tokens: Sequence[str]) -> tuple[Grammar, set[str]]:
    """The grammar and the legal tokens after some tokens, which need not be legal themselves."""
    grammar = Grammar(1)
    grammar.begin(0, **wanted)
    for token in tokens:
        grammar.advance(np.array([t.INDEX[token]]))
    return grammar, set(NAMES[grammar.mask()[0]])


def jig_beginning(text: str) -> list[str]:
    """The beginning of a jig in major."""
    return [*t.header_tokens("jig", Metre(6, 8), Mode.MAJOR), *text.split()]


def at_random(seed: int) -> Choice:
    rng = random.Random(seed)
    return lambda _, legal: rng.choice(legal)


def preferring(*wanted: str, seed: int = 0) -> Choice:
    """A model that prefers tokens with these prefixes whenever they are legal, and else chooses at random."""
    rng = random.Random(f"{wanted}{seed or ''}")

    def choose(tokens: list[str], legal: list[str]) -> str:
        liked = [token for token in legal if token.startswith(wanted)]
        return rng.choice(liked or legal)

    return choose


PREFERENCES = ["-", "/6", "/8", "/16", "/32", "/18", "/30", "/42", "/192", "z", "up6", "up84", "[1", "17", "-10", "|:", "0"]
