"""Sets: several tunes of one rhythm in related keys, played one after the other."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

from generator.notation.frequency_tables import KEY_COUNTS, RHYTHM_COUNTS, key_counts, weighted_choice
from generator.notation.instruments import home_keys
from generator.notation.keys import Key, Mode, transpose_tonic
from generator.notation.metres import RHYTHMS, Metre, Rhythm
from generator.notation.opening import read_opening
from generator.notation.tokens import MODES
from generator.request import TuneRequest
from generator.user_messages import UserError, UserMessage

MAX_TUNES = 5
MAX_IN_ONE_KEY = 2
_KEYS = [Key(transpose_tonic(pitch_class, mode), mode) for mode in MODES for pitch_class in range(12)]


def requests_of_set(request: TuneRequest, count: int) -> list[TuneRequest]:
    """The requests for a set of 1 to 5 tunes: one rhythm and metre, related keys, and consecutive seeds.

    The first keeps the opening and title of `request`. If the request has no rhythm, metre or key, its seed chooses them. Each
    tune has another key than the one before, a related one (see `_are_related`) of which the instrument has all notes. The last
    key is major, and a sharper one if possible, which gives the set a lift at the end.

    Raises NotationError for an opening that cannot be continued, UserError for another count.
    """
    if not 1 <= count <= MAX_TUNES:
        raise UserError(UserMessage("A set has 1 to {most} tunes.", most=MAX_TUNES))
    if count == 1:
        return [request]
    generator = random.Random(request.seed)
    rhythm, metre, key = _form_and_first_key(request, generator)
    mode = Mode(request.key) if request.key in MODES else None
    requests = [replace(request, rhythm=rhythm, metre=metre, key=key.abc)]
    keys = [key]
    for following in requests[0].in_a_row(count)[1:]:
        keys.append(_next_key(keys, mode, request.instrument, generator, last=len(keys) == count - 1))
        requests.append(replace(following, key=keys[-1].abc, opening="", mode="continue", title=""))
    return requests


def _form_and_first_key(request: TuneRequest, generator: random.Random) -> tuple[str | None, str | None, Key]:
    """Rhythm and metre of the set, and the key of its first tune. The rhythm is None if none is written in the metre."""
    rhythm, named_metre, named_key = request.rhythm, request.metre, request.key
    if request.opening:
        opening = read_opening(request.opening, rhythm=rhythm, key=request.key, metre=request.metre, mode=request.mode)
        rhythm, named_metre, named_key = rhythm or opening.rhythm or None, str(opening.metre), opening.key.abc
    metre = Metre.parse(named_metre or "")
    fitting = {name: count for name, count in RHYTHM_COUNTS.items() if metre is None or _written_in(metre, RHYTHMS[name])}
    if not rhythm and fitting:
        rhythm = weighted_choice(fitting, generator.random())
    if not metre and rhythm:
        metre = generator.choice(RHYTHMS[rhythm].default_metres)
    if named_key in MODES:
        key = weighted_choice(home_keys(key_counts(Mode(named_key)), request.instrument), generator.random())
    elif named_key:
        key = Key.parse(named_key)
    else:
        key = weighted_choice(home_keys(KEY_COUNTS, request.instrument), generator.random())
    return rhythm, str(metre) if metre else None, key


def _written_in(metre: Metre, rhythm: Rhythm) -> bool:
    """Whether a rhythm is written in bars like those of a metre."""
    return any((metre.bar, metre.compound) == (other.bar, other.compound) for other in rhythm.metres)


def _next_key(keys: list[Key], mode: Mode | None, instrument: str, generator: random.Random, *, last: bool) -> Key:
    """A key related to the one before, drawn by its frequency; no key occurs three times."""
    before, used = keys[-1], Counter(keys)
    related = [
        key for key in _KEYS if _are_related(before, key) and used[key] < MAX_IN_ONE_KEY and key.mode is (mode or key.mode)
    ]
    bright = [key for key in related if key.mode is (mode or Mode.MAJOR)]
    sharper = [key for key in bright if (key.fifths - before.fifths) % 12 == 1]
    for choice in (sharper, bright, related) if last else (related,):
        if common := home_keys({key: KEY_COUNTS[key] for key in choice if key in KEY_COUNTS}, instrument):
            return weighted_choice(common, generator.random())
    return generator.choice(related)


def _are_related(before: Key, key: Key) -> bool:
    """Whether players follow a tune in one key with a tune in the other: G with D, E minor or A dorian, not with B minor.

    The keys have the same signature or are a fifth apart, and their tonics are at most a tone, a minor third, a fourth or a
    fifth apart.
    """
    near_signature = (key.fifths - before.fifths) % 12 in (0, 1, 11)
    near_tonic = (key.pitch_class - before.pitch_class) % 12 in (0, 2, 3, 5, 7, 9, 10)
    return key != before and near_signature and near_tonic
