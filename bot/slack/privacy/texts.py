"""English texts of `/tune privacy`. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

WHY_STORED = UserMessage(
    "I keep your tunes and what you typed for them, so that buttons, replies and the gallery work. With them I keep "
    "the Slack IDs of you, the workspace, the channel and the files that I posted, and what I need to answer you. I keep no "
    "names and no other messages."
)
WHO_SEES_IT = UserMessage(
    "A tune can be seen by you and by the workspace where it was made, or only by you if you asked for it in private, and by "
    "everyone once you share it. I count likes, but tell nobody who gave them."
)
