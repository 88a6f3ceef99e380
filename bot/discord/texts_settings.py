"""What people in Discord read of their defaults and of a server's settings."""

from generator.notation.sentences import Sentence

DEFAULTS = Sentence("What I take where you leave something open: shows it, and changes what you give.")
DEFAULT_RHYTHM = Sentence("The dance, or an air, unless you ask for another.")
DEFAULT_KEY = Sentence("A key, or a mode alone, unless you ask for another: Ador, dorian.")
DEFAULT_TEMPERATURE = Sentence("From 0.1 (steady) to 2 (wild).")
DEFAULT_TEMPO = Sentence("Times the usual tempo, from 0.5 (slow) to 1.5 (fast).")
DEFAULT_STRUCTURE = Sentence("Parts of eight bars, played twice, or free.")
DEFAULT_INSTRUMENT = Sentence("What plays the melody.")
DEFAULT_BACKING = Sentence("Whether guitar and bodhrán play along.")
DEFAULT_MODEL = Sentence("The model that composes.")
DEFAULT_LANGUAGE = Sentence("The language in which I answer you.")
DEFAULT_RESET = Sentence("What to leave open again.")

SETTINGS = Sentence("This server's rules for tunes: shows them, and changes what you give.")
SHARING_CHANNEL = Sentence("Where shared tunes are posted.")
ADD_CHANNEL = Sentence("One more channel in which tunes may be asked for; in all, as long as there is none.")
REMOVE_CHANNEL = Sentence("A channel in which tunes may no longer be asked for.")
COOLDOWN = Sentence("Seconds between two requests of a person.")
OPEN_REQUESTS = Sentence("How many unfinished tunes a person may have.")
DELETERS = Sentence("Who may delete a tune beside whoever asked for it.")
SERVER_INSTRUMENT = Sentence("What plays the melody where nobody chose anything.")
SERVER_LANGUAGE = Sentence("The language for people who chose none with /defaults.")
SERVER_RESET = Sentence("What to set back to the usual.")

EVERYTHING = Sentence("everything")
NAMES = {
    "rhythm": Sentence("rhythm"),
    "key": Sentence("key"),
    "temperature": Sentence("temperature"),
    "tempo": Sentence("tempo"),
    "structure": Sentence("structure"),
    "instrument": Sentence("instrument"),
    "backing": Sentence("backing"),
    "model": Sentence("model"),
    "language": Sentence("language"),
    "sharing_channel": Sentence("sharing channel"),
    "channels": Sentence("channels for tunes"),
    "cooldown_s": Sentence("cooldown"),
    "open_requests": Sentence("unfinished tunes a person"),
    "deleters": Sentence("who may delete"),
}
DELETER_NAMES = {
    "owner": Sentence("only whoever asked for it"),
    "moderators": Sentence("moderators too"),
    "everyone": Sentence("everyone"),
}

YOUR_DEFAULTS = Sentence("**Your defaults**")
THE_SETTINGS = Sentence("**Settings of this server**")
LEFT_OPEN = Sentence("left open")
YES = Sentence("yes")
NO = Sentence("no")
ALL_CHANNELS = Sentence("all")
NOWHERE = Sentence("none")
THEIR_OWN = Sentence("each person's own")
UP_TO_HOST = Sentence("as many as whoever runs me allows")
NO_COOLDOWN = Sentence("none")
NOT_KEPT = Sentence("Your settings cannot be kept just now. Please try again in a minute.")
ONLY_IN_SERVERS = Sentence("Settings belong to a server. Use this command in one.")
ONLY_MANAGERS = Sentence("Only people who may manage this server can change its settings.")
NO_SUCH_CHANNEL = Sentence("Tunes were not limited to this channel, so there is nothing to take away.")

PERMISSIONS = {
    "view_channel": Sentence("see the channel"),
    "send_messages": Sentence("send messages"),
    "send_messages_in_threads": Sentence("send messages in threads"),
    "embed_links": Sentence("embed links"),
    "attach_files": Sentence("attach files"),
}


def seconds(n: int) -> Sentence:
    return Sentence("{n} second", "{n} seconds", n=n)


def lacking(channel: str, permissions: str) -> Sentence:
    return Sentence(
        "⚠️ In {channel} I am not allowed to: {permissions}. Please allow it.", channel=channel, permissions=permissions
    )
