"""English texts of the Share button."""

from generator.user_messages import UserMessage

SHARE = UserMessage("Share")
UNSHARE = UserMessage("Unshare")
SHARED = UserMessage("Shared. The tune is now in the gallery.")
UNSHARE_QUESTION = UserMessage("This tune is in the gallery. Unshare it?")
ALREADY_SHARED = UserMessage("This tune is already in the gallery.")
UNSHARED = UserMessage("Unshared. The tune is no longer in the gallery.")


def shared_in(channel_id: str) -> UserMessage:
    return UserMessage("Shared. The tune is now in the gallery and in {place}.", place=f"<#{channel_id}>")


def posted_later_in(channel_id: str, app: str) -> UserMessage:
    return UserMessage(
        "Shared. The tune is now in the gallery. I'll post it in {place} as soon as {app} lets me.",
        place=f"<#{channel_id}>",
        app=app,
    )


def shared_but_not_posted_in(channel_id: str) -> UserMessage:
    return UserMessage(
        "Shared. The tune is now in the gallery, but I'm not allowed to post it in {place}.", place=f"<#{channel_id}>"
    )
