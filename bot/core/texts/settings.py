"""English texts of `/defaults` and `/settings`."""

from generator.user_messages import UserMessage

DEFAULTS = UserMessage("Show or change your defaults: what I use for options that you leave out.")
DEFAULT_RHYTHM = UserMessage("Default type of tune: a dance, or an air.")
DEFAULT_KEY = UserMessage("Default key, or only a mode: Ador, dorian.")
DEFAULT_TEMPERATURE = UserMessage("Default temperature, from 0.1 (steady) to 2 (wild).")
DEFAULT_TEMPO = UserMessage("Default tempo relative to the usual one, from 0.5 (slow) to 1.5 (fast).")
DEFAULT_STRUCTURE = UserMessage("Default structure: as usual for the rhythm, or another one.")
DEFAULT_INSTRUMENT = UserMessage("Default melody instrument.")
DEFAULT_BACKING = UserMessage("Whether guitar and bodhrán play along by default.")
DEFAULT_TIMES = UserMessage("How many times the whole tune is played by default.")
DEFAULT_MODEL = UserMessage("Default model.")
DEFAULT_LANGUAGE = UserMessage("Language in which I answer you.")
DEFAULT_RESET = UserMessage("Which default to reset.")
SHARING_CHANNEL = UserMessage("Channel where shared tunes are posted.")
ADD_CHANNEL = UserMessage("Add a channel where tunes can be requested (default: all channels).")
REMOVE_CHANNEL = UserMessage("Remove a channel where tunes can be requested.")
COOLDOWN = UserMessage("Seconds between two requests by the same person.")
OPEN_REQUESTS = UserMessage("How many unfinished tunes a person can have at once.")
DELETERS = UserMessage("Who can delete a tune besides the person who requested it.")
COMMUNITY_INSTRUMENT = UserMessage("Melody instrument for people who chose none.")
COMMUNITY_LANGUAGE = UserMessage("Language for people who chose none.")
EVERYTHING = UserMessage("everything")
NAMES = {
    "rhythm": UserMessage("rhythm"),
    "key": UserMessage("key"),
    "temperature": UserMessage("temperature"),
    "tempo": UserMessage("tempo"),
    "structure": UserMessage("structure"),
    "instrument": UserMessage("instrument"),
    "backing": UserMessage("backing"),
    "times": UserMessage("times"),
    "model": UserMessage("model"),
    "language": UserMessage("language"),
    "sharing_channel": UserMessage("sharing channel"),
    "channels": UserMessage("channels for tunes"),
    "cooldown_s": UserMessage("cooldown"),
    "open_requests": UserMessage("unfinished tunes per person"),
    "deleters": UserMessage("who can delete"),
}
DELETER_NAMES = {
    "owner": UserMessage("only the person who requested it"),
    "moderators": UserMessage("moderators too"),
    "everyone": UserMessage("everyone"),
}
YOUR_DEFAULTS = UserMessage("Your defaults")
NOT_SET = UserMessage("not set")
YES = UserMessage("yes")
NO = UserMessage("no")
ALL_CHANNELS = UserMessage("all")
NO_CHANNEL = UserMessage("none")
OWN_LANGUAGE = UserMessage("each person's own")
HOST_LIMIT = UserMessage("the limit set by my host")
NO_COOLDOWN = UserMessage("none")
SAVING_FAILED = UserMessage("I couldn't save your settings. Please try again in a minute.")
NO_SUCH_CHANNEL = UserMessage("This channel is not in the list of channels for tunes, so I can't remove it.")


def seconds(n: int) -> UserMessage:
    return UserMessage("{n} second", "{n} seconds", n=n)
