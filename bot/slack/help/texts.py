"""English texts of `/tune help`. Those that other platforms use too are in bot.core.texts."""

from dataclasses import dataclass

from bot.core.texts import common
from bot.core.texts import help as core_texts
from generator.user_messages import UserMessage

ABOUT = UserMessage("I compose Irish tunes, engrave them and play them. Copy an example, or choose a topic.")
CHOOSE_TOPIC = UserMessage("Choose a topic")
NO_COMMANDS_IN_THREADS = UserMessage(
    "Slack has no commands in threads. There, mention me and write the same words, or use the menu of a message."
)


@dataclass(frozen=True, slots=True)
class Topic:
    paragraphs: tuple[UserMessage, ...]
    examples: tuple[tuple[str, UserMessage], ...] = ()  # what to type, and what that does


TOPICS = {
    "tune": Topic(
        (
            UserMessage(
                "Say in your own words what you would like, or set options as name:value; I choose the rest. The same seed and "
                "settings give the same tune."
            ),
            core_texts.MODELS,
        ),
        (
            ("/tune", UserMessage("a form with all options")),
            ("/tune surprise me", common.ANY_TUNE),
            ("/tune reel in Ador", core_texts.A_REEL),
            (f"/tune opening:{core_texts.EXAMPLE_OPENING}", core_texts.CONTINUES),
            ("/tune jig temperature:1.3 instrument:flute", core_texts.WILDER_JIG),
            ("/tune waltz without:triplets, semiquavers, accidentals", core_texts.EASY_WALTZ),
            ("/tune set 3 polkas", core_texts.THREE_POLKAS),
            (f"/tune mode:play opening:{core_texts.EXAMPLE_OPENING}", core_texts.PLAYS),
        ),
    ),
    "chat": Topic(
        (
            core_texts.MENTION,
            NO_COMMANDS_IN_THREADS,
            UserMessage(
                "In the thread of one of my tunes, mention me and send a few bars, and I continue them. Or write words, such as "
                "“slower”, “in D” or “vary it”, and I do that."
            ),
            UserMessage(
                "In the menu of any message with ABC or an .abc file, “Continue this tune” continues the ABC, and “Play this "
                "ABC” plays it."
            ),
        ),
        (("/tune session reel in Ador", core_texts.TURNS),),
    ),
    "buttons": Topic((core_texts.BUTTONS, core_texts.LIKE_AND_SHARE)),
    "sharing": Topic(
        (
            UserMessage(
                "Until you press Share, only you and your workspace can see a tune; one from a direct message, only you. Then "
                "everyone can find it, until you unshare it."
            ),
        ),
        (
            ("/gallery", core_texts.SHARED_HERE),
            ("/gallery jig", core_texts.ONLY_JIGS),
            ("/top month", core_texts.MOST_LIKED),
            ("/tune tunebook", core_texts.ALL_IN_ONE_FILE),
            ("/mine", core_texts.YOUR_TUNES),
        ),
    ),
    "settings": Topic(
        (),
        (
            ("/tune defaults", UserMessage("what I use for options that you leave out, and your language")),
            ("/tune settings", UserMessage("a workspace's rules, for its owners and admins")),
        ),
    ),
    "privacy": Topic((core_texts.PRIVACY,), (("/tune privacy", core_texts.WHAT_I_KEEP),)),
}


def options(names: str) -> UserMessage:
    return UserMessage("Options: {names}", names=names)
