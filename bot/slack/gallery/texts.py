"""English texts of `/gallery`, `/top`, `/mine` and `/tune tunebook`. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

SHARED_HERE = UserMessage("Shared in this workspace")
OPEN = UserMessage("Open")
SEND_FILES = UserMessage("Send me the files")
NEW_TUNES_SENT = UserMessage("I send new tunes from here to you in a direct message.")
CANNOT_POST = UserMessage("I can't post in this channel. Invite me with /invite, then try again.")
