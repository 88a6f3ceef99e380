"""English texts of sessions. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

SESSION_RULES = UserMessage(
    "You start: reply in this thread with a phrase in ABC, two to eight bars long, and I answer it. Then reply with the next "
    "phrase, and so on. I only see replies that mention me; the “Your turn” button always works. Mention me and write “stop” to "
    "end the session."
)
SESSION_RULES_DIRECT = UserMessage(
    "You start: reply in this thread with a phrase in ABC, two to eight bars long, and I answer it. Then reply with the next "
    "phrase, and so on. Write “stop” to end the session."
)
CANNOT_POST = UserMessage("I can't post here. Invite me with /invite, or start the session in a direct message to me.")
SEND = UserMessage("Send")
