"""English texts of `/help`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
        UserMessage("tunes"),
        (
            UserMessage("Set as many options as you like; I choose the rest. The same seed and settings give the same tune."),
            UserMessage("As you type an opening, I suggest tunes that you can continue."),
            UserMessage("With “model” you choose which model composes: each has learned from different tunes."),
        ),
        (
            Example("tune", UserMessage("any tune")),
            Example("tune", UserMessage("a reel in A dorian"), {"rhythm": "reel", "key": "Ador"}),
            Example("tune", UserMessage("continues your bars"), {"opening": "|:EAAB c2Bc|dBAB G2EG|"}),
            Example(
                "tune", UserMessage("a wilder jig on the flute"), {"rhythm": "jig", "temperature": 1.3, "instrument": "flute"}
            ),
            Example(
                "tune",
                UserMessage("a waltz that is easy to read"),
                {"rhythm": "waltz", "without": "triplets, semiquavers, accidentals"},
            ),
            Example("set", UserMessage("three polkas that go together"), {"rhythm": "polka", "count": 3}),
            Example("render", UserMessage("plays your own tune as written"), {"abc": "|:EAAB c2Bc|dBAB G2EG|"}),
        ),
    ),
    "chat": Topic(
        UserMessage("chat"),
        (
            UserMessage("Mention me or send me a direct message, in words or in ABC: “a slow jig in G minor, please”."),
            UserMessage(
                "Reply to one of my tunes with a few bars, and I continue them. Or reply with words, such as “slower”, “in D” or "
                "“vary it”, and I do that."
            ),
            UserMessage(
                "On any message with ABC, open its menu and choose Apps: “Continue this tune” continues the ABC, “Play this ABC” "
                "plays it."
            ),
        ),
        (Example("session", UserMessage("you and I take turns, phrase by phrase"), {"rhythm": "reel", "key": "Ador"}),),
    ),
    "buttons": Topic(
        UserMessage("buttons"),
        (
            UserMessage(
                "With the buttons under a tune, anyone can request another like it, vary it a little or a lot, continue it, add "
                "a B part, change the request, or have it played on another instrument."
            ),
            UserMessage("♥ likes the tune. The person who requested it can share or delete it."),
        ),
    ),
    "sharing": Topic(
        UserMessage("sharing"),
        (
            UserMessage(
                "Only you and your server can see a tune until you press Share. Then everyone can find it. You can unshare it "
                "with /mine."
            ),
        ),
        (
            Example("gallery", UserMessage("tunes shared here")),
            Example("gallery", UserMessage("only jigs"), {"rhythm": "jig"}),
            Example("top", UserMessage("the most liked tunes this month"), {"period": "month"}),
            Example("tunebook", UserMessage("all tunes shared here in one file")),
            Example("mine", UserMessage("your own tunes")),
        ),
    ),
    "settings": Topic(
        UserMessage("settings"),
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
        UserMessage("privacy"),
        (UserMessage("I keep your requests, likes and settings until you delete them."),),
        (Example("privacy", UserMessage("what I keep about you, and how to delete it")),),
    ),
}


def invite(address: str) -> UserMessage:
    return UserMessage("Add me to your server: {address}", address=address)
