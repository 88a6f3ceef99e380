"""Sessions: a person's phrase is answered by the next phrase, which can be answered in turn."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Self

from bot.core.tune_access import visible_tune
from generator.notation.metres import rhythm_named
from storage.storage import Storage
from storage.tunes import Tune
from storage.viewer import Viewer

MAX_PHRASES = 200
EXAMPLE_PHRASE = "|:EAAB c2Bc|dBAB G2EG|"
TURN = r"(?P<tune_id>[0-9A-Za-z]{0,40}):(?P<rhythm>[a-z ]{0,20}):(?P<key>[A-Ga-z#]{0,12})"


@dataclass(frozen=True, slots=True)
class Turn:
    """What comes before the next phrase: the tune that answered the last one; at the start, the chosen rhythm and key."""

    tune_id: str = ""
    rhythm: str = ""
    key: str = ""

    def __str__(self) -> str:
        """As it is written into a button; TURN matches it."""
        return f"{self.tune_id}:{self.rhythm}:{self.key}"

    @classmethod
    def of(cls, match: re.Match[str]) -> Self:
        return cls(match["tune_id"], match["rhythm"], match["key"])


async def answer_parameters(
    storage: Storage, viewer: Viewer, channel_id: str, turn: Turn, abc: str
) -> tuple[dict[str, Any], str | None]:
    """The arguments of TuneRequest.check for an answer to the phrase in the session's rhythm, key and metre, and its parent.

    Fields in the phrase itself take precedence. A tune that the viewer can't see counts as deleted: the session starts anew.
    """
    before = await visible_tune(storage, viewer, channel_id, turn.tune_id) if turn.tune_id else None
    parameters: dict[str, Any] = {"rhythm": turn.rhythm, "key": turn.key}
    if before is not None and before.composition is not None:
        made, request = before.composition, before.request
        rhythm = rhythm_named(made.rhythm)
        parameters = {"rhythm": rhythm and rhythm.name, "key": made.key, "metre": made.metre}
        parameters |= {name: getattr(request, name) for name in ("instrument", "backing", "times", "tempo", "without")}
        if request.model and request.model in await storage.model_offers.offered():
            parameters["model"] = request.model
    fields = set(re.findall(r"^\s*([KMR]):", abc, re.MULTILINE))
    replaced = {"K": {"key"}, "M": {"metre", "rhythm"}, "R": {"rhythm", "metre"}}
    left_out = set().union(*(replaced[field] for field in fields))
    kept = {name: value for name, value in parameters.items() if name not in left_out}
    return {"opening": abc, "mode": "answer"} | kept, before.id if before else None


async def tunes_up_to(storage: Storage, viewer: Viewer, channel_id: str, tune_id: str) -> list[Tune]:
    """The tune and its ancestors in the session, oldest first. Only tunes of the same channel, back to one that is hidden.

    A session belongs to its channel. Elsewhere, also in the same community, its tunes are visible to their owner, and to
    others if they are shared.
    """
    viewer = replace(viewer, community_id="")
    tunes: list[Tune] = []
    seen: set[str] = set()
    while tune_id and tune_id not in seen and len(tunes) < MAX_PHRASES:
        seen.add(tune_id)
        tune = await visible_tune(storage, viewer, channel_id, tune_id)
        if tune is None or tune.request.mode != "answer" or (tunes and tune.origin.channel_id != tunes[0].origin.channel_id):
            break
        tunes.append(tune)
        tune_id = tune.parent_id or ""
    return tunes[::-1]


def joined_phrases(phrases: list[str], title: str) -> str:
    """One tune of all phrases in order. Metre, unit length, tempo and key are written where they change."""
    lines = ["X:1", f"T:{title}"]
    current: dict[str, str] = {}
    for abc in phrases:
        head, _, body = abc.strip().partition("\nK:")
        key, _, music = body.partition("\n")
        fields = {line[:2]: line for line in head.splitlines() if line[:2] in ("R:", "M:", "L:", "Q:")} | {"K:": f"K:{key}"}
        lines += [line for name, line in fields.items() if current.get(name) != line and not (name == "R:" and current)]
        current |= fields
        lines.append(music.strip())
    return "\n".join(lines) + "\n"
