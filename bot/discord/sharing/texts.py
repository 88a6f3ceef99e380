"""English texts of the Share button. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage


def posted_later_in(channel_id: str) -> UserMessage:
    return UserMessage(
        "Shared. The tune is now in the gallery. I'll post it in {place} as soon as Discord lets me.", place=f"<#{channel_id}>"
    )
