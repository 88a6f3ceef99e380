"""What the message of a tune says below its title."""

from __future__ import annotations

from collections.abc import Callable

from bot.core.naming import key_name, nearest, one_line
from bot.core.texts import delivery as texts
from bot.languages import Language
from storage.tunes import Tune

MAX_NOTICES = 8  # of what the reader left out of somebody's ABC
MAX_NOTICE_CHARACTERS = 200


def footer(
    tune: Tune,
    translate: Language,
    platform: str,
    escape: Callable[[str], str],
    *,
    in_sharing_channel: bool = False,
    one_of_many: bool = False,
) -> str:
    """The settings that the tune was composed with, and who requested it. `escape` is for the markup of the platform."""
    line = " · ".join(map(escape, _settings_of(tune, translate, one_of_many=one_of_many)))
    # An id of another platform is not a name: on the web page it is a secret that identifies the visitor.
    if tune.origin.platform != platform or not tune.origin.user_id:
        return line
    by = texts.shared_by if in_sharing_channel else texts.requested_by
    return f"{line} · {translate(by(tune.origin.user_id))}"


def _settings_of(tune: Tune, translate: Language, *, one_of_many: bool) -> list[str]:
    """The settings that the tune was composed with, so that anybody can repeat them. They may contain markup.

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
