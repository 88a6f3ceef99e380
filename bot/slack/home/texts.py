"""English texts of App Home."""

from generator.user_messages import UserMessage

COMPOSE = UserMessage("Compose a tune…")
ALL_YOUR_TUNES = UserMessage("All your tunes")
GALLERY = UserMessage("Gallery")
CHANGE_DEFAULTS = UserMessage("Defaults…")
CHANGE_SETTINGS = UserMessage("Settings of the workspace…")
PRIVACY = UserMessage("Privacy…")
