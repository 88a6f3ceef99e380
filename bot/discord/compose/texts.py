"""English texts of `/tune`, `/render` and the context menus. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

TUNE = UserMessage("Compose an Irish tune. All options are optional; I choose what you don't set.")
RENDER = UserMessage("Get sheet music and a recording of your own tune, played as written.")
RENDER_ABC = UserMessage("The tune in ABC notation, if you don't attach a file.")
RENDER_KEY = UserMessage("Transpose the tune to this key, in the same mode.")
RENDER_FILE = UserMessage("The tune as an .abc file. From a collection I play the first tune.")
TWO_TUNES = UserMessage("I play one tune at a time. Either type its ABC or attach a file.")
