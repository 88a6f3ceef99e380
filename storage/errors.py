"""What storage says when it cannot keep or find things."""

from generator.user_messages import UserError, UserMessage


class StorageError(RuntimeError):
    """The database or the files cannot be used: the message is one sentence that says what to do."""


class TooManyOpen(UserError):
    """A person has so many unfinished tunes, `open`, that with those `asked` for it would be more than the `limit`."""

    def __init__(self, open: int, limit: int, asked: int = 1) -> None:
        self.open = open
        if asked > limit:
            sentence = UserMessage(
                "One person may have {n} unfinished tune here at a time; a set of {asked} is more than that.",
                "One person may have {n} unfinished tunes here at a time; a set of {asked} is more than that.",
                n=limit,
                asked=asked,
            )
        elif asked > 1:
            sentence = UserMessage(
                "You have {n} unfinished tune, and with this set it would be more than {limit}; wait a little.",
                "You have {n} unfinished tunes, and with this set it would be more than {limit}; wait a little.",
                n=open,
                limit=limit,
            )
        else:
            sentence = UserMessage(
                "You have {n} unfinished tune; wait until it is finished.",
                "You have {n} unfinished tunes; wait until one of them is finished.",
                n=open,
            )
        super().__init__(sentence)


class NotAllowed(UserError):
    """The tune can be seen, but what was asked is for others to do: the message is the sentence to show."""
