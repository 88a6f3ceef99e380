"""English texts of sessions. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

SESSION_RULES = UserMessage(
    "🎻 You start: reply to this message with a phrase in ABC, two to eight bars long, and I answer it. Then reply to "
    "my answer with the next phrase, and so on. I only see replies that mention me (@ ON); the “Your turn” button "
    "always works. Reply “stop” to end the session."
)
NO_THREADS = UserMessage("I can't create threads here without the Create Public Threads permission, so we play in this channel.")
CANNOT_SEND = UserMessage(
    "I can't send messages there without the Send Messages permission (in threads: Send Messages in Threads), but "
    "the buttons work."
)


def session_in(thread_id: int) -> UserMessage:
    return UserMessage("🎻 The session is in {thread}.", thread=f"<#{thread_id}>")
