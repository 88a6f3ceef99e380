"""What the message of a tune says below its title."""

from __future__ import annotations

from bot.core.naming import key_name, nearest, one_line
from bot.core.texts import delivery as texts
from bot.languages import Language
from storage.tunes import Tune

MAX_NOTICES = 8  # of what the reader left out of somebody's ABC
MAX_NOTICE_CHARACTERS = 200


def settings_of(tune: Tune, translate: Language, *, one_of_many: bool = False) -> list[str]:
    """The settings that the tune was composed with, so that anybody can repeat them. They may contain markup: escape them.

    `one_of_many`: leaves out the key, the seed and the closest known tune, which differ in the tunes of a set.
    """
    assert tune.composition is not None
    made, request = tune.composition, tune.request
    own = ["", ""] if one_of_many else [texts.seed(request.seed), nearest(made.scores)]
    composed = [*texts.chosen_settings(request), texts.temperature(request.temperature), own[0], made.model, own[1]]
    key = "" if one_of_many else key_name(made.key)
    parts = [made.rhythm, key, made.metre, *(composed if request.mode != "play" else [texts.PLAYED_AS_WRITTEN])]
    return [one_line(translate(part)) for part in parts if part]


def details_in_set(tune: Tune, translate: Language) -> list[str]:
    """What differs in the tunes of a set: the key, the seed and the closest known tune."""
    assert tune.composition is not None
    own = [key_name(tune.composition.key), texts.seed(tune.request.seed), nearest(tune.composition.scores)]
    return [one_line(translate(part)) for part in own if part]
