"""English texts of `/privacy`."""

from generator.user_messages import UserMessage
from storage.privacy import StoredData

PRIVACY = UserMessage("What I keep about you, why, and how to delete it.")
STORED = UserMessage("What I keep about you")
HOW_LONG_STORED = UserMessage(
    "I keep all this until you delete it: one of your tunes, or everything with the button below. "
    "Safety copies of the database may contain it for some weeks longer."
)
DELETE_MY_DATA = UserMessage("Delete my data")
DELETE_QUESTION = UserMessage(
    "Delete all your tunes, including shared and unfinished ones, with their messages, your likes and your defaults? "
    "This can't be undone. Tunes that others made from yours are kept."
)
DELETE_EVERYTHING = UserMessage("Delete everything")
KEEP_EVERYTHING = UserMessage("Keep everything")
DELETING = UserMessage("Deleting …")
DELETING_FAILED = UserMessage("I couldn't delete everything. Press the button again to delete the rest.")
DELETED_WITHOUT_TUNES = UserMessage("Everything that I kept about you is deleted.")


def stored_counts(now: StoredData) -> list[UserMessage]:
    return [
        UserMessage("{n} tune that you requested", "{n} tunes that you requested", n=now.tunes),
        UserMessage("{n} tune that you shared", "{n} tunes that you shared", n=now.shared),
        UserMessage("{n} like that you gave", "{n} likes that you gave", n=now.likes),
        UserMessage("{n} default that you set", "{n} defaults that you set", n=now.defaults),
    ]


def deleted(n: int) -> UserMessage:
    return UserMessage(
        "Deleted: {n} tune and everything else that I kept about you.",
        "Deleted: {n} tunes and everything else that I kept about you.",
        n=n,
    )
