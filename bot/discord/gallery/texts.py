"""English texts of `/gallery`, `/top`, `/mine` and `/tunebook`. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

SHARED_HERE = UserMessage("Shared in this server")
CANNOT_POST = UserMessage(
    "I can't post in this channel. A server admin can give me the permissions: View Channel, Send Messages (in threads: Send "
    "Messages in Threads) and Attach Files."
)
