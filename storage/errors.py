"""The errors of storage."""

import errno

import psycopg
from procrastinate.exceptions import ConnectorException
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from generator.user_messages import UserError, UserMessage


class StorageError(RuntimeError):
    """The database or the files can't be used. The message tells the operator what to do."""


class NoRoom(UserError):
    """Nothing was stored, because the database's disk is full."""

    def __init__(self) -> None:
        super().__init__(UserMessage("There is no room on my disk, so nothing was stored. Please ask again later."))


class SecretKeyError(StorageError):
    """SECRET_KEY is not set, or lacks the key that encrypted a stored secret."""


class DatabaseUnavailable(StorageError):
    """The database does not answer, or broke off what it did. The same call may succeed later."""


class TooManySearches(DatabaseUnavailable):
    """A list or a search was not read in its short time, or waited too long for one of its few connections."""


# What is raised if the database or the files can't be used now: the same call may succeed later.
DATABASE_ERRORS = (
    StorageError,
    ConnectorException,
    OperationalError,
    InterfaceError,
    InternalError,
    PoolTimeoutError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.InternalError,
)


def is_fault_of_machine(error: Exception) -> bool:
    """Whether the database or the disk failed, so that no other request would have fared better."""
    return isinstance(error, DATABASE_ERRORS) or lacks_room(error)


def lacks_room(error: BaseException | None) -> bool:
    """Whether the error, or what caused it, is that a disk is full or a quota is used up."""
    while error is not None:
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        if full or isinstance(error, psycopg.errors.DiskFull):
            return True
        error = error.__cause__
    return False


class TooManyOpen(UserError):
    """A user with `open` unfinished tunes requested more, and the sum is over the limit."""

    def __init__(self, open: int, limit: int, requested: int = 1) -> None:
        self.open = open
        if requested > limit:
            message = UserMessage(
                "You can have {n} unfinished tune here at a time; a set of {requested} is more than that.",
                "You can have {n} unfinished tunes here at a time; a set of {requested} is more than that.",
                n=limit,
                requested=requested,
            )
        elif requested > 1:
            message = UserMessage(
                "You have {n} unfinished tune, and this set would make more than {limit}. Please wait a little.",
                "You have {n} unfinished tunes, and this set would make more than {limit}. Please wait a little.",
                n=open,
                limit=limit,
            )
        else:
            message = UserMessage(
                "You have {n} unfinished tune. Please wait until it is finished.",
                "You have {n} unfinished tunes. Please wait until one of them is finished.",
                n=open,
            )
        super().__init__(message)


class QueueFull(UserError):
    """As many tunes are waiting as may wait."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            UserMessage(
                "The queue is full: no more than {n} tune can wait. Please ask again in a few minutes.",
                "The queue is full: no more than {n} tunes can wait. Please ask again in a few minutes.",
                n=limit,
            )
        )


class FileMissing(UserError):
    """A file of a tune is missing or damaged, and was not made again in time."""

    def __init__(self) -> None:
        super().__init__(UserMessage("A file of this tune was lost and is being made again. Please try again in a minute."))


class NotAllowed(UserError):
    """The viewer can see the tune but may not do this."""
