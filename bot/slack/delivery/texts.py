"""English texts of the queue card and of a tune's message. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

FILES_REFUSED = UserMessage("Slack takes no files from me here, so the sheet music and the recording are missing.")


def cooldown_ends(unix_s: int) -> UserMessage:
    """Slack shows the time stamp in the reader's time zone."""
    return UserMessage("cooldown: your next tune can start at {when}", when=f"<!date^{unix_s}^{{time_secs}}|soon>")


def sent_directly(channel_id: str) -> UserMessage:
    return UserMessage(
        "I can't post in {channel}, so I sent the tune to you here. Invite me there with /invite.", channel=f"<#{channel_id}>"
    )


FILES_SENT = UserMessage("I sent you the files in a direct message.")
NO_DIRECT_MESSAGES = UserMessage("I can't send you a direct message, so I can't give you the files.")
