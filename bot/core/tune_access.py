"""Which tunes a person may use in a channel, and whose openings they may see there."""

from __future__ import annotations

from bot.core.texts import common as texts
from generator.user_messages import UserError
from storage.storage import Storage
from storage.tunes import Tune
from storage.viewer import Viewer, owns


async def visible_tune(storage: Storage, viewer: Viewer, channel_id: str, tune_id: str) -> Tune | None:
    """The finished tune if the viewer may see it: by the rules of the gallery, or because it was requested in this channel."""
    tune = await storage.tune(tune_id)
    if tune is None or tune.composition is None:
        return None
    in_channel = bool(channel_id) and (tune.origin.platform, tune.origin.channel_id) == (viewer.platform, channel_id)
    return tune if in_channel else await storage.gallery.visible_tune(tune_id, viewer)


async def find_tune(storage: Storage, viewer: Viewer, channel_id: str, tune_id: str) -> Tune:
    """As `visible_tune`. Raises UserError if the viewer may not see the tune, or there is none."""
    if (tune := await visible_tune(storage, viewer, channel_id, tune_id)) is None:
        raise UserError(texts.TUNE_GONE)
    return tune


async def is_opening_visible(storage: Storage, viewer: Viewer, channel_id: str, tune: Tune) -> bool:
    """Whether the viewer may also see and reuse the opening of a tune that they see in the channel.

    The opening can be anything, also somebody else's private tune, of which a variation reveals little.
    """
    request, origin = tune.request, tune.origin
    if not request.opening or owns(viewer, tune) or (tune.composition and tune.composition.abc.strip() == request.opening):
        return True
    in_community = bool(viewer.community_id) and viewer.community_id == origin.community_id
    in_channel = bool(channel_id) and origin.channel_id == channel_id
    if origin.platform == viewer.platform and request.mode != "vary" and (in_community or in_channel):
        return True  # it was typed here, and the tune contains it
    parent = await visible_tune(storage, viewer, channel_id, tune.parent_id) if tune.parent_id else None
    return bool(parent and parent.composition and parent.composition.abc.strip() == request.opening)
