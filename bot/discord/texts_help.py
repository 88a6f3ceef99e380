"""What people in Discord read of how all this is used, and of what is kept of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.user_messages import UserMessage
from storage.privacy import Kept

HELP = UserMessage("What I can do, with examples to copy.")
TOPIC = UserMessage("What to read more about.")
ABOUT = UserMessage("I compose Irish tunes, engrave them and play them. Copy an example, or read on with /help and a topic.")


@dataclass(frozen=True, slots=True)
class Example:
    """A command with its options as Discord passes them on, and what comes of it."""

    command: str
    says: UserMessage
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Topic:
    name: UserMessage
    words: tuple[UserMessage, ...]
    examples: tuple[Example, ...] = ()


TOPICS = {
    "tune": Topic(
        UserMessage("tunes"),
        (
            UserMessage("Say as much as you like; the rest is up to me. The same wish with the same seed gives the same tune."),
            UserMessage("Where you type an opening, I offer the tunes that you may go on from."),
            UserMessage("With “model” you choose who composes: each model has learned from other tunes."),
        ),
        (
            Example("tune", UserMessage("a tune, whatever comes")),
            Example("tune", UserMessage("a reel in A dorian"), {"rhythm": "reel", "key": "Ador"}),
            Example("tune", UserMessage("goes on from your bars"), {"opening": "|:EAAB c2Bc|dBAB G2EG|"}),
            Example(
                "tune", UserMessage("a wilder jig on the flute"), {"rhythm": "jig", "temperature": 1.3, "instrument": "flute"}
            ),
            Example(
                "tune",
                UserMessage("a waltz that is easy to read"),
                {"rhythm": "waltz", "without": "triplets, semiquavers, accidentals"},
            ),
            Example("set", UserMessage("three polkas that go together"), {"rhythm": "polka", "count": 3}),
            Example("render", UserMessage("plays your own tune as it stands"), {"abc": "|:EAAB c2Bc|dBAB G2EG|"}),
        ),
    ),
    "chat": Topic(
        UserMessage("in chat"),
        (
            UserMessage("Mention me, or write to me directly, in words or in ABC: “a slow jig in G minor, please”."),
            UserMessage(
                "Reply to one of my tunes: with a few bars, and I go on; with words, “slower”, “in D” or “vary it”, and I do it."
            ),
            UserMessage("On any message with ABC, open Apps: “Continue this tune” goes on from it, “Play this ABC” plays it."),
        ),
        (Example("session", UserMessage("you and I play phrase by phrase"), {"rhythm": "reel", "key": "Ador"}),),
    ),
    "buttons": Topic(
        UserMessage("buttons"),
        (
            UserMessage(
                "The buttons under a tune make another like it, vary it a little or a lot, go on from it, write its B part, "
                "change what was asked for, or play it on another instrument; anybody may press them."
            ),
            UserMessage("♥ likes it. Whoever asked for it may share it or delete it."),
        ),
    ),
    "sharing": Topic(
        UserMessage("sharing"),
        (
            UserMessage(
                "A tune is for you and your server until you press Share. Then everybody can find it; take it back with /mine."
            ),
        ),
        (
            Example("gallery", UserMessage("what was shared here")),
            Example("gallery", UserMessage("jigs alone"), {"rhythm": "jig"}),
            Example("top", UserMessage("what is liked most"), {"period": "month"}),
            Example("tunebook", UserMessage("all of it as one file")),
            Example("mine", UserMessage("your own tunes")),
        ),
    ),
    "settings": Topic(
        UserMessage("settings"),
        (UserMessage("Set what I take where you leave something open. Who manages a server sets its rules with /settings."),),
        (
            Example("defaults", UserMessage("your tunes on the fiddle"), {"instrument": "fiddle"}),
            Example("defaults", UserMessage("all of it left open again"), {"reset": "everything"}),
            Example("settings", UserMessage("half a minute between two tunes of a person"), {"cooldown": 30}),
        ),
    ),
    "privacy": Topic(
        UserMessage("privacy"),
        (UserMessage("I keep what you ask me for, what you like and what you set, until you delete it."),),
        (Example("privacy", UserMessage("what I keep of you, and how to delete it")),),
    ),
}

PRIVACY = UserMessage("What I keep of you, why, and how to delete it.")
KEPT = UserMessage("**What I keep of you**")
KEPT_WHY = UserMessage(
    "I keep your tunes and what you typed for them, so that buttons, replies and the gallery work. With them I keep Discord's "
    "numbers for you, for the server and for the channel, and what I need to answer you there; no name and no other message."
)
KEPT_WHO = UserMessage(
    "A tune is seen by you and by the server where it was made, and by everybody once you share it. "
    "I count likes, and tell nobody who gave them."
)
KEPT_HOW_LONG = UserMessage("All this stays until you delete it: one tune with /mine, or everything with the button below.")
DELETE_ALL = UserMessage("Delete my data")
REALLY = UserMessage(
    "Shall I delete your tunes, also the shared and the unfinished ones, with their messages, your likes and your defaults? "
    "They cannot be brought back. What others made from your tunes stays theirs."
)
REALLY_ALL = UserMessage("Delete all of it")
KEEP_ALL = UserMessage("Keep it")
DELETING = UserMessage("Deleting …")
GO_ON = UserMessage("Not everything could be deleted. Press the button once more, and I go on with the rest.")
DELETED_ELSE = UserMessage("All that I kept of you is deleted.")


def invite(address: str) -> UserMessage:
    return UserMessage("Add me to your server: {address}", address=address)


def kept(now: Kept) -> list[UserMessage]:
    return [
        UserMessage("{n} tune that you asked for", "{n} tunes that you asked for", n=now.tunes),
        UserMessage("{n} tune that you shared", "{n} tunes that you shared", n=now.shared),
        UserMessage("{n} like that you gave", "{n} likes that you gave", n=now.likes),
        UserMessage("{n} default that you set", "{n} defaults that you set", n=now.defaults),
    ]


def deleted(n: int) -> UserMessage:
    return UserMessage(
        "{n} tune and all else that I kept of you is deleted.", "{n} tunes and all else that I kept of you are deleted.", n=n
    )
