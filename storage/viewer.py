"""Who looks, and what they may see."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_

from generator.user_messages import UserError, UserMessage
from storage import tables
from storage.tunes import Status, Tune

tunes = tables.tunes


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who looks, and from where: what is left empty opens nothing.

    A person sees what is theirs wherever they are: leave the person out where others read along. Raises ValueError for
    ids that no platform gives (control characters).
    """

    platform: str = ""  # "discord", "slack" or "web"
    user_id: str = ""
    community_id: str = ""

    def __post_init__(self) -> None:
        if not all(text.isprintable() for text in (self.platform, self.user_id, self.community_id)):
            raise UserError(UserMessage("This person or server has an id that cannot be read; please try again."))

    def known(self) -> None:
        """Raises ValueError with the sentence to show where it is not known who looks."""
        if not self.platform or not self.user_id:
            raise UserError(UserMessage("I don't know who you are here; please log in and try again."))


PUBLIC = Viewer()  # sees what was shared and nothing else


def owned(by: Viewer) -> ColumnElement[bool]:
    """The tunes that they asked for, finished or not."""
    return and_(tunes.c.platform == by.platform, tunes.c.user_id == by.user_id) if by.platform and by.user_id else false()


def owns(by: Viewer, tune: Tune) -> bool:
    """Whether they asked for it."""
    return bool(by.platform and by.user_id) and (by.platform, by.user_id) == (tune.origin.platform, tune.origin.user_id)


def made_in_community(of: Viewer) -> ColumnElement[bool]:
    return (
        and_(tunes.c.platform == of.platform, tunes.c.community_id == of.community_id)
        if of.platform and of.community_id
        else false()
    )


def shared_from_community(of: Viewer) -> ColumnElement[bool]:
    here = and_(tunes.c.platform == of.platform, tunes.c.shared_community_id == of.community_id, tunes.c.shared_at.is_not(None))
    return here if of.platform and of.community_id else false()


def visible(to: Viewer) -> ColumnElement[bool]:
    """Finished, and shared with everybody, or made in the viewer's server, or the viewer's own."""
    return and_(tunes.c.status == Status.FINISHED, or_(tunes.c.shared_at.is_not(None), made_in_community(to), owned(to)))
