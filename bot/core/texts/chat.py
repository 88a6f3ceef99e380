"""English texts for requests in messages."""

from generator.user_messages import UserMessage

ONE_MOMENT = UserMessage("🎻 One moment …")
HOW_TO_REQUEST = UserMessage(
    "Tell me what to play: “a slow jig in G minor”, or a few bars of ABC to continue. Or reply to one of my tunes: “vary it”."
)


def sent_directly_from(channel_id: int) -> UserMessage:
    return UserMessage("I can't send messages in {channel}, so I'll send your tune here.", channel=f"<#{channel_id}>")
