"""The viewer: the user and the community for whom tunes are looked up, and the conditions for what they may see."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_

from generator.user_messages import UserError, UserMessage
from storage import tables
from storage.tunes import Status, Tune

EXAMPLES = "example"  # the platform of the tunes that everybody may see though they are not shared

tunes = tables.tunes


@dataclass(frozen=True, slots=True)
class Viewer:
    """A user and the community that they look from. An empty field grants nothing.

    Users see their own tunes everywhere, so leave out `user_id` where others can read the result. Raises UserError for an id
    with control characters, which no platform has.
    """

    platform: str = ""  # "discord", "slack" or "web"
    user_id: str = ""
    community_id: str = ""

    def __post_init__(self) -> None:
        if not all(text.isprintable() for text in (self.platform, self.user_id, self.community_id)):
            raise UserError(UserMessage("I can't read the id of this user or server. Please try again."))

    def require_user(self) -> None:
        """Raises UserError if the viewer has no user id."""
        if not self.platform or not self.user_id:
            raise UserError(UserMessage("I don't know who you are here. Please log in and try again."))


PUBLIC = Viewer()  # sees shared tunes only


def owned(viewer: Viewer) -> ColumnElement[bool]:
    """The tunes that the viewer requested, finished or not."""
    same_user = and_(tunes.c.platform == viewer.platform, tunes.c.user_id == viewer.user_id)
    return same_user if viewer.platform and viewer.user_id else false()


def owns(viewer: Viewer, tune: Tune) -> bool:
    """Whether the viewer requested the tune."""
    same_user = (viewer.platform, viewer.user_id) == (tune.origin.platform, tune.origin.user_id)
    return same_user and bool(viewer.platform and viewer.user_id)


def made_in_community(viewer: Viewer) -> ColumnElement[bool]:
    """Tunes that were requested in the viewer's community."""
    same_community = and_(tunes.c.platform == viewer.platform, tunes.c.community_id == viewer.community_id)
    return same_community if viewer.platform and viewer.community_id else false()


def shared_from_community(viewer: Viewer) -> ColumnElement[bool]:
    """Tunes that were shared in the gallery from the viewer's community."""
    shared_here = and_(
        tunes.c.platform == viewer.platform, tunes.c.shared_community_id == viewer.community_id, tunes.c.shared_at.is_not(None)
    )
    return shared_here if viewer.platform and viewer.community_id else false()


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """Finished tunes that are shared or examples, or requested in the viewer's community, or owned by the viewer."""
    for_all = or_(tunes.c.shared_at.is_not(None), tunes.c.platform == EXAMPLES)
    return and_(tunes.c.status == Status.FINISHED, or_(for_all, made_in_community(viewer), owned(viewer)))
