"""Likes and shares a tune, for buttons, lists and the web alike. `storage.sharing` checks the permissions."""

from __future__ import annotations

from bot.core.texts import common as texts
from bot.core.tune_access import visible_tune
from generator.user_messages import UserError
from storage.preferences import CommunitySettings
from storage.storage import Storage
from storage.tunes import Tune
from storage.viewer import Viewer


async def toggle_like(storage: Storage, tune_id: str, viewer: Viewer, *, liked: bool | None = None) -> tuple[int, bool]:
    """Likes the tune, or unlikes it if the viewer liked it; `liked` sets which of the two, so that a double click counts once.

    Returns the number of likes, and whether the viewer likes it now. Raises KeyError if the viewer can't see the tune,
    UserError for an unknown user.
    """
    if liked is None:
        liked = not await storage.sharing.liked([tune_id], viewer)
    likes = await (storage.sharing.like if liked else storage.sharing.unlike)(tune_id, viewer)
    return likes, liked


async def press_like(storage: Storage, tune_id: str, viewer: Viewer, channel_id: str) -> None:
    """Toggles the like of somebody who pressed a button in a channel. Raises UserError if they may not like the tune."""
    try:
        await toggle_like(storage, tune_id, viewer)
    except KeyError:
        tune = await visible_tune(storage, viewer, channel_id, tune_id)
        raise UserError(texts.TUNE_IS_PRIVATE if tune else texts.TUNE_GONE) from None


def may_delete(settings: CommunitySettings, *, is_member: bool, moderates: bool) -> bool:
    """Whether somebody may delete tunes that others requested in their community."""
    match settings.deleters:
        case "everyone":
            return is_member
        case "moderators":
            return moderates
        case _:
            return False


async def share(storage: Storage, tune: Tune, viewer: Viewer, *, sharing_channel: str = "") -> Tune:
    """Shares the tune in the gallery, and in the sharing channel unless it was requested there.

    Raises KeyError if the viewer can't see the tune, NotAllowed if they don't own it.
    """
    channel_id = sharing_channel if sharing_channel != tune.origin.channel_id else ""
    return await storage.sharing.share(tune.id, viewer, channel_id=channel_id)
