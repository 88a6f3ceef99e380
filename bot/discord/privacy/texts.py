"""English texts of `/privacy`. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

WHY_STORED = UserMessage(
    "I keep your tunes and what you typed for them, so that buttons, replies and the gallery work. With them I keep "
    "the Discord IDs of you, the server and the channel, and what I need to answer you there. I keep no names and no "
    "other messages."
)
WHO_SEES_IT = UserMessage(
    "A tune can be seen by you and by the server where it was made, and by everyone once you share it. I count "
    "likes, but tell nobody who gave them."
)
