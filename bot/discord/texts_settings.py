"""What people in Discord read of their defaults and of a server's settings."""

from generator.user_messages import UserMessage

DEFAULTS = UserMessage("What I take where you leave something open: shows it, and changes what you give.")
DEFAULT_RHYTHM = UserMessage("The dance, or an air, unless you ask for another.")
DEFAULT_KEY = UserMessage("A key, or a mode alone, unless you ask for another: Ador, dorian.")
DEFAULT_TEMPERATURE = UserMessage("From 0.1 (steady) to 2 (wild).")
DEFAULT_TEMPO = UserMessage("Times the usual tempo, from 0.5 (slow) to 1.5 (fast).")
DEFAULT_STRUCTURE = UserMessage("Parts of eight bars, played twice, or free.")
DEFAULT_INSTRUMENT = UserMessage("What plays the melody.")
DEFAULT_BACKING = UserMessage("Whether guitar and bodhrán play along.")
DEFAULT_MODEL = UserMessage("The model that composes.")
DEFAULT_LANGUAGE = UserMessage("The language in which I answer you.")
DEFAULT_RESET = UserMessage("What to leave open again.")

SETTINGS = UserMessage("This server's rules for tunes: shows them, and changes what you give.")
SHARING_CHANNEL = UserMessage("Where shared tunes are posted.")
ADD_CHANNEL = UserMessage("One more channel in which tunes may be asked for; in all, as long as there is none.")
REMOVE_CHANNEL = UserMessage("A channel in which tunes may no longer be asked for.")
COOLDOWN = UserMessage("Seconds between two requests of a person.")
OPEN_REQUESTS = UserMessage("How many unfinished tunes a person may have.")
DELETERS = UserMessage("Who may delete a tune beside whoever asked for it.")
SERVER_INSTRUMENT = UserMessage("What plays the melody where nobody chose anything.")
SERVER_LANGUAGE = UserMessage("The language for people who chose none with /defaults.")
SERVER_RESET = UserMessage("What to set back to the usual.")

EVERYTHING = UserMessage("everything")
NAMES = {
    "rhythm": UserMessage("rhythm"),
    "key": UserMessage("key"),
    "temperature": UserMessage("temperature"),
    "tempo": UserMessage("tempo"),
    "structure": UserMessage("structure"),
    "instrument": UserMessage("instrument"),
    "backing": UserMessage("backing"),
    "model": UserMessage("model"),
    "language": UserMessage("language"),
    "sharing_channel": UserMessage("sharing channel"),
    "channels": UserMessage("channels for tunes"),
    "cooldown_s": UserMessage("cooldown"),
    "open_requests": UserMessage("unfinished tunes a person"),
    "deleters": UserMessage("who may delete"),
}
DELETER_NAMES = {
    "owner": UserMessage("only whoever asked for it"),
    "moderators": UserMessage("moderators too"),
    "everyone": UserMessage("everyone"),
}

YOUR_DEFAULTS = UserMessage("**Your defaults**")
THE_SETTINGS = UserMessage("**Settings of this server**")
LEFT_OPEN = UserMessage("left open")
YES = UserMessage("yes")
NO = UserMessage("no")
ALL_CHANNELS = UserMessage("all")
NOWHERE = UserMessage("none")
THEIR_OWN = UserMessage("each person's own")
UP_TO_HOST = UserMessage("as many as whoever runs me allows")
NO_COOLDOWN = UserMessage("none")
NOT_KEPT = UserMessage("Your settings cannot be kept just now. Please try again in a minute.")
ONLY_IN_SERVERS = UserMessage("Settings belong to a server. Use this command in one.")
ONLY_MANAGERS = UserMessage("Only people who may manage this server can change its settings.")
NO_SUCH_CHANNEL = UserMessage("Tunes were not limited to this channel, so there is nothing to take away.")

PERMISSIONS = {
    "view_channel": UserMessage("see the channel"),
    "send_messages": UserMessage("send messages"),
    "send_messages_in_threads": UserMessage("send messages in threads"),
    "embed_links": UserMessage("embed links"),
    "attach_files": UserMessage("attach files"),
}


def seconds(n: int) -> UserMessage:
    return UserMessage("{n} second", "{n} seconds", n=n)


def lacking(channel: str, permissions: str) -> UserMessage:
    return UserMessage(
        "⚠️ In {channel} I am not allowed to: {permissions}. Please allow it.", channel=channel, permissions=permissions
    )
