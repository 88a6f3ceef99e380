"""English texts that several features use. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

FILE_OUT_OF_REACH = UserMessage("I couldn't download this file from Discord. Please try again, or paste the tune instead.")
