"""English texts of `/help`. Those that other platforms use too are in bot.core.texts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.texts import common
from bot.core.texts import help as core_texts
from generator.user_messages import UserMessage

HELP = UserMessage("What I can do, with examples to copy.")
TOPIC = UserMessage("Topic to read more about.")
ABOUT = UserMessage("I compose Irish tunes, engrave them and play them. Copy an example, or choose a topic with /help.")


@dataclass(frozen=True, slots=True)
class Example:
    """A command to copy, with the values of its options, and what it does."""

    command: str
    effect: UserMessage
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Topic:
    name: UserMessage
    paragraphs: tuple[UserMessage, ...]
    examples: tuple[Example, ...] = ()


TOPICS = {
    "tune": Topic(
        core_texts.TOPICS["tune"],
        (
            UserMessage("Set as many options as you like; I choose the rest. The same seed and settings give the same tune."),
            UserMessage("As you type an opening, I suggest tunes that you can continue."),
            core_texts.MODELS,
        ),
        (
            Example("tune", common.ANY_TUNE),
            Example("tune", core_texts.A_REEL, {"rhythm": "reel", "key": "Ador"}),
            Example("tune", core_texts.CONTINUES, {"opening": core_texts.EXAMPLE_OPENING}),
            Example("tune", core_texts.WILDER_JIG, {"rhythm": "jig", "temperature": 1.3, "instrument": "flute"}),
            Example(
                "tune",
                core_texts.EASY_WALTZ,
                {"rhythm": "waltz", "without": "triplets, semiquavers, accidentals"},
            ),
            Example("set", core_texts.THREE_POLKAS, {"rhythm": "polka", "count": 3}),
            Example("render", core_texts.PLAYS, {"abc": core_texts.EXAMPLE_OPENING}),
        ),
    ),
    "chat": Topic(
        core_texts.TOPICS["chat"],
        (
            core_texts.MENTION,
            UserMessage(
                "Reply to one of my tunes with a few bars, and I continue them. Or reply with words, such as “slower”, “in D” or "
                "“vary it”, and I do that."
            ),
            UserMessage(
                "On any message with ABC, open its menu and choose Apps: “Continue this tune” continues the ABC, “Play this ABC” "
                "plays it."
            ),
        ),
        (Example("session", core_texts.TURNS, {"rhythm": "reel", "key": "Ador"}),),
    ),
    "buttons": Topic(
        core_texts.TOPICS["buttons"],
        (
            core_texts.BUTTONS,
            core_texts.LIKE_AND_SHARE,
        ),
    ),
    "sharing": Topic(
        core_texts.TOPICS["sharing"],
        (
            UserMessage(
                "Only you and your server can see a tune until you press Share. Then everyone can find it. You can unshare it "
                "with /mine."
            ),
        ),
        (
            Example("gallery", core_texts.SHARED_HERE),
            Example("gallery", core_texts.ONLY_JIGS, {"rhythm": "jig"}),
            Example("top", core_texts.MOST_LIKED, {"period": "month"}),
            Example("tunebook", core_texts.ALL_IN_ONE_FILE),
            Example("mine", core_texts.YOUR_TUNES),
        ),
    ),
    "settings": Topic(
        core_texts.TOPICS["settings"],
        (
            UserMessage(
                "With /defaults you set what I use for options that you leave out. With the Manage Server permission, you can "
                "set a server's rules with /settings."
            ),
        ),
        (
            Example("defaults", UserMessage("your tunes are played on the fiddle"), {"instrument": "fiddle"}),
            Example("defaults", UserMessage("resets all your defaults"), {"reset": "everything"}),
            Example("settings", UserMessage("a cooldown of 30 seconds per person"), {"cooldown": 30}),
        ),
    ),
    "privacy": Topic(
        core_texts.TOPICS["privacy"],
        (core_texts.PRIVACY,),
        (Example("privacy", core_texts.WHAT_I_KEEP),),
    ),
}


def invite(address: str) -> UserMessage:
    return UserMessage("Add me to your server: {address}", address=address)
