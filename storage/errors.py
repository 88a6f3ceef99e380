"""What storage says when it cannot keep or find things."""


class StorageError(RuntimeError):
    """The database or the files cannot be used: the message is one sentence that says what to do."""


class TooManyOpen(ValueError):
    """A person has as many unfinished tunes, `open`, as one person may have."""

    def __init__(self, open: int) -> None:
        self.open = open
        super().__init__(f"You have {open} unfinished tunes; wait until one of them is finished.")


class NotAllowed(ValueError):
    """The tune can be seen, but what was asked is for others to do: the message is the sentence to show."""
