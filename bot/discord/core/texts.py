"""English texts of the Discord bot: commands, tunes and their buttons, chat, sessions and sets."""

from bot.desk import Progress
from generator.notation.names import translatable
from generator.notation.opening_modes import OpeningMode
from generator.request import Structure, TuneRequest
from generator.user_messages import AllOf, UserMessage
from storage.tunes import Status

TUNE = UserMessage("Compose an Irish tune. All options are optional; I choose what you don't set.")
MODES: dict[OpeningMode, str] = {
    "continue": UserMessage("continue: complete the tune"),
    "answer": UserMessage("answer: compose one phrase that answers it"),
    "vary": UserMessage("vary: compose a variation (the opening is a whole tune)"),
    "second part": UserMessage("second part: compose its B part (the opening is an A part)"),
    "play": UserMessage("play: play it as written (the opening is a whole tune)"),
}
STRENGTHS = {1: UserMessage("1: a few changes"), 2: UserMessage("2: more changes"), 3: UserMessage("3: mostly new")}
STRUCTURES: dict[Structure, str] = {"parts": UserMessage("eight-bar parts, each played twice"), "free": UserMessage("free")}
# The descriptions on the cards of the shipped models; they are here so that the catalogues contain them.
SHIPPED_MODELS = (
    UserMessage("dances and airs of five collections, most of them Irish"),
    UserMessage("Scottish and Irish airs, marches and dances of the 18th century"),
)

RENDER = UserMessage("Get sheet music and a recording of your own tune, played as written.")
RENDER_ABC = UserMessage("The tune in ABC notation, if you don't attach a file.")
RENDER_KEY = UserMessage("Transpose the tune to this key, in the same mode.")
RENDER_FILE = UserMessage("The tune as an .abc file. From a collection I play the first tune.")
CONTINUE_TUNE = UserMessage("Continue this tune")
PLAY_ABC = UserMessage("Play this ABC")

AS_IT_STANDS = UserMessage("played as written")

# Read by the host of the bot, so not translated.
LOGIN_REFUSED = (
    "Discord rejected the bot's token. Copy the token from https://discord.com/developers/applications into DISCORD_TOKEN."
)
LOGIN_MISSING = "The bot's token is missing. Copy the token from https://discord.com/developers/applications into DISCORD_TOKEN."
TROUBLE = UserMessage("I couldn't take your request. Please try again in a minute.")
NOTHING_TO_PLAY = UserMessage("There is no tune to play. Type its ABC or attach an .abc file.")
TWO_TUNES = UserMessage("I play one tune at a time. Either type its ABC or attach a file.")
NO_ABC = UserMessage("I found no ABC in this message: no lines of ABC, no code block and no .abc file.")
FILE_OUT_OF_REACH = UserMessage("I couldn't download this file from Discord. Please try again, or paste the tune instead.")
FILE_NOT_TEXT = UserMessage("I can't read this file as text. Save the tune as plain text (UTF-8) and attach it again.")
GONE = UserMessage("I no longer have that tune. Request a new one with /tune.")
FAILED = UserMessage("I couldn't finish this tune. Please request it again.")


def progress(now: Progress) -> UserMessage:
    """The text of the queue card until the tune is finished."""
    match now.tune.status:
        case Status.QUEUED if now.queue_position <= 1:
            return UserMessage("🎻 Next in the queue …")
        case Status.QUEUED:
            return UserMessage("🎻 Number {place:,} in the queue …", place=now.queue_position)
        case Status.COMPOSING | Status.RENDERING if now.tune.request.mode == "play":
            return UserMessage("🎻 Engraving and playing …")
        case Status.COMPOSING if now.tune.bars:
            return UserMessage("🎻 Composing: {n} bar written …", "🎻 Composing: {n} bars written …", n=now.tune.bars)
        case Status.COMPOSING:
            return UserMessage("🎻 Composing …")
        case _:
            return UserMessage(
                "🎻 {n} bar written; engraving and playing …", "🎻 {n} bars written; engraving and playing …", n=now.tune.bars
            )


def file_too_large(limit_bytes: int) -> UserMessage:
    return UserMessage("This file is too large. I read at most {limit} kB.", limit=limit_bytes // 1024)


def tune_too_long(characters: int, limit: int) -> UserMessage:
    return UserMessage("This tune has {characters:,} characters; I read at most {limit:,}.", characters=characters, limit=limit)


def too_large(names: list[str]) -> UserMessage:
    return UserMessage("Too large for this channel: {names}.", names=", ".join(names))


def treated(request: TuneRequest) -> list[UserMessage]:
    """The settings of a request that are not the defaults: mode, structure, tempo and what to leave out."""
    settings = {
        UserMessage("variation, strength {strength}", strength=request.strength): request.mode == "vary",
        UserMessage("answer to the opening"): request.mode == "answer",
        UserMessage("second part"): request.mode == "second part",
        UserMessage("free structure"): request.structure == "free",
        UserMessage("{percent}% of the usual tempo", percent=round(100 * request.tempo)): request.tempo != 1,
    }
    left_out = [UserMessage("without {things}", things=AllOf(map(translatable, request.without)))] if request.without else []
    return [*(message for message, chosen in settings.items() if chosen), *left_out]


def temperature(value: float) -> UserMessage:
    return UserMessage("temperature {value}", value=f"{value:g}")


def seed(value: int) -> UserMessage:
    return UserMessage("seed {value}", value=value)


def asked_by(user_id: str) -> UserMessage:
    return UserMessage("for {person}", person=f"<@{user_id}>")


def made_from(address: str) -> UserMessage:
    return UserMessage("based on {address}", address=address)


def sheet_music(title: str) -> UserMessage:
    """Alternative text of the picture, for screen readers."""
    return UserMessage("Sheet music of {title}", title=title)


# Requests in chat, and sessions.
ONE_MOMENT = UserMessage("🎻 One moment …")
HOW_TO_ASK = UserMessage(
    "Tell me what to play: “a slow jig in G minor”, or a few bars of ABC to continue. Or reply to one of my tunes: “vary it”."
)
SESSION = UserMessage("Take turns with me: you send a phrase in ABC, and I answer with the next one.")
SESSION_NAME = UserMessage("Session")
SESSION_BEGINS = UserMessage("🎻 A session: you and I take turns.")
SESSION_RULES = UserMessage(
    "🎻 You start: reply to this message with a phrase in ABC, two to eight bars long, and I answer it. Then reply to "
    "my answer with the next phrase, and so on. I only see replies that mention me (@ ON); the “Your turn” button "
    "always works. Reply “stop” to end the session."
)
SESSION_IN_PERSON = UserMessage(
    "🎻 You start: send me a phrase in ABC, two to eight bars long, and I answer it. Then send the next one. Send "
    "“stop” to end the session."
)
SESSION_BY_BUTTON = UserMessage("🎻 You start: press “Your turn” and enter a phrase in ABC, two to eight bars long. I answer it.")
SESSION_OVER = UserMessage("The session is over. Thank you for the music!")
NO_THREADS = UserMessage("I can't create threads here without the Create Public Threads permission, so we play in this channel.")
CANNOT_WRITE = UserMessage(
    "I can't send messages there without the Send Messages permission (in threads: Send Messages in Threads), but "
    "the buttons work."
)
YOUR_TURN = UserMessage("Your turn")
YOUR_PHRASE = UserMessage("Your phrase in ABC")
WHOLE_SESSION = UserMessage("Whole session")


def comes_here(channel_id: int) -> UserMessage:
    return UserMessage("I can't send messages in {channel}, so I'll send your tune here.", channel=f"<#{channel_id}>")


def session_in(thread_id: int) -> UserMessage:
    return UserMessage("🎻 The session is in {thread}.", thread=f"<#{thread_id}>")


def phrases(count: int) -> UserMessage:
    return UserMessage("{n} phrase and its answer.", "{n} phrases and their answers.", n=count)


# The buttons under a tune.

AGAIN = UserMessage("Again")
VARY_A_LITTLE = UserMessage("Vary a little")
VARY = UserMessage("Vary")
VARY_A_LOT = UserMessage("Vary a lot")
CONTINUE = UserMessage("Continue")
B_PART = UserMessage("B part")
CHANGE = UserMessage("Change…")
OTHER_INSTRUMENT = UserMessage("Instrument")
MORE_FILES = UserMessage("More files")
SHARE = UserMessage("Share")
TAKE_BACK = UserMessage("Unshare")
DELETE = UserMessage("Delete")
DELETE_FOR_GOOD = UserMessage("Delete for good")

WHICH_INSTRUMENT = UserMessage("Which instrument should play it?")
OWN_INSTRUMENT = UserMessage("the rhythm's default instrument")

CHANGE_TUNE = UserMessage("Change the tune")
FIELD_RHYTHM = UserMessage("Rhythm")
FIELD_KEY = UserMessage("Key")
FIELD_OPENING = UserMessage("Opening in ABC")
FIELD_TUNE = UserMessage("Tune in ABC")
FIELD_TEMPERATURE = UserMessage("Temperature (0.1 to 2)")
FIELD_SEED = UserMessage("Seed")
FIELD_TITLE = UserMessage("Title")
LEFT_OPEN = UserMessage("not set")
NEW_SEED = UserMessage("leave empty for a new seed")
CHANGE_ON = UserMessage("Continue editing")
TYPED = UserMessage("What you typed")

SHARED = UserMessage("Shared. The tune is now in the gallery.")
TAKE_IT_BACK = UserMessage("This tune is in the gallery. Unshare it?")
SHARED_ALREADY = UserMessage("This tune is already in the gallery.")
TAKEN_BACK = UserMessage("Unshared. The tune is no longer in the gallery.")
DELETE_IT = UserMessage("Delete this tune for good? Its files and likes are deleted too.")
DELETED = UserMessage("Deleted.")
PRIVATE = UserMessage("This tune is private. Once the person who requested it shares it, it can be liked.")
NO_FILES = UserMessage("There are no more files for this tune.")
FLAC_INSTEAD = UserMessage("The WAV recording is too large to send here, so I sent it as FLAC: the same sound in a smaller file.")


def alone(instrument: str) -> UserMessage:
    """A choice of instrument that plays without guitar and bodhrán."""
    return UserMessage("{instrument}, without backing", instrument=instrument)


def likes(number: int) -> str:
    """The label of the like button, the same in every language. `bot.discord.likes.like_button` reads the number back from it."""
    return f"♥ {number}"


def shared_in(channel_id: str) -> UserMessage:
    return UserMessage("Shared. The tune is now in the gallery and in {place}.", place=f"<#{channel_id}>")


def shared_but_not_in(channel_id: str) -> UserMessage:
    return UserMessage(
        "Shared. The tune is now in the gallery, but I'm not allowed to post it in {place}.", place=f"<#{channel_id}>"
    )


def shared_soon_in(channel_id: str) -> UserMessage:
    return UserMessage(
        "Shared. The tune is now in the gallery. I'll post it in {place} as soon as Discord lets me.", place=f"<#{channel_id}>"
    )


def shared_by(user_id: str) -> UserMessage:
    return UserMessage("shared by {person}", person=f"<@{user_id}>")


def too_large_here(names: list[str]) -> UserMessage:
    return UserMessage("Too large to send here: {names}.", names=", ".join(names))


# The queue card, and notes on a tune that could not be posted as an ordinary message with its files.
CANCEL = UserMessage("Cancel")
CANCELLED = UserMessage("Cancelled. Use /tune to request another tune.")
NOT_CANCELLED = UserMessage("I couldn't cancel this tune. Please try again in a minute.")

MAY_NOT_WRITE = UserMessage(
    "I can't send messages here, so the tune stays in my reply. A server admin can give me the permissions: View "
    "Channel and Send Messages (in threads: Send Messages in Threads)."
)
CLOSED_THREAD = UserMessage("This thread is closed or locked, so the tune stays in my reply.")
FILES_ON_ANSWER = UserMessage(
    "I can't attach files here, so the sheet music and recording are in my reply. A server admin can give me the "
    "permission: Attach Files."
)
FILES_SENT = UserMessage(
    "I can't attach files here, so I sent you the sheet music and recording as a direct message. A server admin can "
    "give me the permission: Attach Files."
)
FILES_NOWHERE = UserMessage(
    "I can't attach files here, so the sheet music and recording are missing. A server admin can give me the "
    "permission: Attach Files."
)
BROUGHT = UserMessage("I can't post in the channel where you requested this tune, so I sent it to you here.")
FILES_OF_ANSWER = UserMessage("Sheet music and recording. I can't attach them to my message in this channel.")


def next_turn(unix_s: int) -> UserMessage:
    """Shown during a cooldown. Discord shows the time stamp as “in 2 minutes” and counts down."""
    return UserMessage("cooldown: your next tune can start {when}", when=f"<t:{unix_s}:R>")


# Sets, and several tunes for one request.
SET = UserMessage("Compose a set: tunes that go together, played one after the other as at a session.")
SET_KEY = UserMessage("Key of the first tune. I choose keys that fit for the others.")
SET_COUNT = UserMessage("How many tunes, 2 to 5 (default: 3).")
COUNT = UserMessage("How many tunes to compose for this request, to choose from (default: 1).")
OPEN_ONE = UserMessage("Open a tune for more options …")


def set_of(n: int) -> UserMessage:
    return UserMessage("A set of {n} tune", "A set of {n} tunes", n=n)


def takes_of(n: int) -> UserMessage:
    return UserMessage("{n} tune for one request", "{n} tunes for one request", n=n)


def set_progress(finished: int, n: int) -> UserMessage:
    return UserMessage("{finished} of {n} tune finished", "{finished} of {n} tunes finished", finished=finished, n=n)


def set_lacks(n: int) -> UserMessage:
    return UserMessage("{n} tune failed.", "{n} tunes failed.", n=n)
