"""English texts of the form of a request. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

# At most 24 characters in each language.
COMPOSE_TUNE = UserMessage("Compose a tune")
