"""English texts of the queue card and of a finished tune's message. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

CANNOT_SEND = UserMessage(
    "I can't send messages here, so the tune stays in my reply. A server admin can give me the permissions: View "
    "Channel and Send Messages (in threads: Send Messages in Threads)."
)
CLOSED_THREAD = UserMessage("This thread is closed or locked, so the tune stays in my reply.")
FILES_IN_REPLY = UserMessage(
    "I can't attach files here, so the sheet music and recording are in my reply. A server admin can give me the "
    "permission: Attach Files."
)
FILES_SENT_DIRECTLY = UserMessage(
    "I can't attach files here, so I sent you the sheet music and recording as a direct message. A server admin can "
    "give me the permission: Attach Files."
)
FILES_MISSING = UserMessage(
    "I can't attach files here, so the sheet music and recording are missing. A server admin can give me the "
    "permission: Attach Files."
)
FILES_OF_REPLY = UserMessage("Sheet music and recording. I can't attach them to my message in this channel.")


def cooldown_ends(unix_s: int) -> UserMessage:
    """Shown during a cooldown. Discord shows the time stamp as “in 2 minutes” and counts down."""
    return UserMessage("cooldown: your next tune can start {when}", when=f"<t:{unix_s}:R>")
