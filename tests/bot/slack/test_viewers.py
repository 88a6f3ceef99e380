"""Who may use each button and menu with a private tune: a table with a row for each that the app has registered."""

from __future__ import annotations

from bot.core.texts import common, gallery
from bot.languages import language
from bot.slack.core.reply import Reply
from generator.request import TuneRequest
from generator.user_messages import UserMessage
from storage import Composition, Origin
from storage.sharing import NOT_YOURS_TO_DELETE
from tests.bot.slack.conftest import Stage
from tests.bot.slack.forging import Forger, elements
from tests.bot.slack.test_strangers import slack, stage, storage, unlimited
from tests.bot.worker import ABC
from tests.loopback.slack import FIDDLER, GUEST, PIPER, QUAY, SAILOR, SESSION, TUNES, Channel, Person

__all__ = ["slack", "stage", "storage", "unlimited"]

VIEWERS: dict[str, tuple[Person, Channel]] = {
    "owner": (PIPER, TUNES),
    "moderator": (FIDDLER, TUNES),  # administers the workspace
    "fellow": (GUEST, TUNES),  # in the channel where the tune was posted
    "stranger": (SAILOR, QUAY),  # of another workspace
}
HERE, MAY_DELETE, OWNER = {"owner", "moderator", "fellow"}, {"owner", "moderator"}, {"owner"}
NOBODY: set[str] = set()
ANYBODY = set(VIEWERS)
RULES = {
    **dict.fromkeys(("tune:again", "tune:vary", "tune:vary-little", "tune:vary-lot", "tune:continue", "tune:second-part"), HERE),
    **dict.fromkeys(("tune:change", "tune:instrument", "tune:choose-instrument", "tune:files", "tune:like"), HERE),
    **dict.fromkeys(("page:open", "page:like", "opened:like", "opened:files", "set:choose"), HERE),
    **dict.fromkeys(("tune:share", "tune:unshare", "tune:cancel"), OWNER),
    "tune:delete": MAY_DELETE,
    **dict.fromkeys(("opened:share", "opened:unshare", "opened:post", "opened:delete"), OWNER),
    **dict.fromkeys(("set:again", "session:whole"), NOBODY),  # the tune is in no set and no session
    "session:your-turn": ANYBODY,  # an empty form
}
WITHOUT_TUNE = ("page:previous", "page:next", "page:back", "page:show", "settings:", "privacy:", "home:", "help:")
REFUSALS = (
    common.TUNE_GONE,
    common.TUNE_IS_PRIVATE,
    gallery.TUNE_GONE,
    gallery.ONLY_OWNER_POSTS,
    NOT_YOURS_TO_DELETE,
    UserMessage("Only the owner of this tune can share it."),
    UserMessage("Only the owner of this tune or a moderator can unshare it."),
    UserMessage("Only the person who requested this tune can cancel it."),
)
TOLD = [language(code)(refusal) for code in ("en", "de", "es", "fr") for refusal in REFUSALS]  # those of the people here


async def private_tune(stage: Stage, event_id: str) -> str:
    reply = Reply(SESSION.id, "", file_ids=(), thread_ts="")
    origin = Origin("slack", event_id, PIPER.id, TUNES.id, SESSION.id, reply.as_dict())
    tune = await stage.storage.add(TuneRequest.check(seed=7), origin)
    made = Composition(ABC, "Mine", "reel", "Ador", "4/4", 2_000, "test lstm", {})
    await stage.storage.finish(tune.id, made, {"tune.abc": ("text/vnd.abc", ABC.encode()), "tune.mid": ("audio/midi", b"MThd")})
    await stage.storage.mark_delivered(tune.id, "1700000001.000001")
    return tune.id


async def may(stage: Stage, number: int, viewer: str) -> bool:
    """Whether somebody who uses this element with a new private tune is not refused."""
    tune_id = await private_tune(stage, f"{number} {viewer}")
    person, channel = VIEWERS[viewer]
    forger = Forger(stage, person, channel)
    await forger.use(list(elements(tune_id))[number])
    await forger.handled()
    said = "".join(text for call, text in forger.said() if call != "acknowledgement")
    return not any(refusal in said for refusal in TOLD)


async def test_each_button_and_menu_does_what_its_row_says(stage: Stage) -> None:
    found: dict[str, set[str]] = {}
    for number, element in enumerate(elements("0" * 12)):
        name = element["action_id"]
        if not name.startswith(WITHOUT_TUNE):
            allowed = {viewer for viewer in VIEWERS if await may(stage, number, viewer)}
            assert found.setdefault(name, allowed) == allowed, element
    assert found == RULES
