"""Which bars of a tune a variation may change."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from generator.notation.tokens import BAR, FIRST, OPEN, OPEN_REPEATED, SECOND, TIE, is_pitch


def split_bars(tokens: Sequence[str]) -> list[list[str]]:
    """The tokens after the header as a list that alternates: the signs before a bar, then the bar's notes."""
    return [list(piece) for _, piece in groupby(tokens, lambda token: token[0] == "/" or is_pitch(token) or token == TIE)]


def variable_bars(pieces: Sequence[Sequence[str]], *, before_cadences: bool = True) -> list[int]:
    """Indices in `pieces` (from `split_bars`) of the bars that a variation may change.

    It keeps the first and last bars of each part, every fourth bar (a cadence) and bars that are tied to another bar. The bar
    before a cadence leads into its harmony: `before_cadences` says whether it may change though others can.
    """
    found, cadences = [], set()
    bar = first_ending_at = 0  # numbers of bars in the part
    for index in range(1, len(pieces) - 1, 2):
        before, notes, after = pieces[index - 1 : index + 2]
        if before[-1].startswith("up"):
            bar = 0
            continue
        if before[-1] in (OPEN, OPEN_REPEATED):
            bar = 0
        elif before[-1] == SECOND:
            bar = first_ending_at
        elif before[-1] == FIRST:
            first_ending_at = bar
        bar += 1
        tied = TIE in (notes[-1], pieces[index - 2][-1] if index > 1 else "")
        if bar % 4 == 0 or after[0] not in (BAR, FIRST):
            cadences.add(index)
        elif list(before) == list(after) == [BAR] and bar > 1 and not tied:
            found.append(index)
    return found if before_cadences else [index for index in found if index + 2 not in cadences] or found
