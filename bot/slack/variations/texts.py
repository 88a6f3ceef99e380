"""English texts of the Change… form. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

OPENING_TOO_LONG = UserMessage("The ABC is too long for this form. It stays as it is.")
