"""Everything that people in Discord read, in English; `Caller.translate` says it in their language."""

from bot.desk import Progress
from generator.notation.names import named
from generator.notation.opening import OpeningMode
from generator.request import Structure, TuneRequest
from generator.user_messages import AllOf, UserMessage
from storage.tunes import Status

TUNE = UserMessage("Compose an Irish tune; whatever you leave open is up to the musician.")
RHYTHM = UserMessage("The dance, or an air.")
KEY = UserMessage("Tonic and mode as ABC writes them: D, Am, Ador, Gmix.")
METRE = UserMessage("Beats in the bar, such as 4/4 or 6/8.")
OPENING = UserMessage("A few bars of ABC to start from.")
MODE = UserMessage("What becomes of the opening; I go on from it if you leave this open.")
MODES: dict[OpeningMode, str] = {
    "continue": UserMessage("continue: go on from it until the tune is whole"),
    "answer": UserMessage("answer: one phrase that answers it"),
    "vary": UserMessage("vary: it is a whole tune, and comes back varied"),
    "second part": UserMessage("second part: it is an A part, and gets its B"),
    "play": UserMessage("play: it is a whole tune, played as it stands"),
}
STRENGTH = UserMessage("Of a variation: how much of it is new; 2 if you leave it open.")
STRENGTHS = {1: UserMessage("1: a little is new"), 2: UserMessage("2: more is"), 3: UserMessage("3: most of it is")}
STRUCTURE = UserMessage("Parts of eight bars, played twice, if you leave it open.")
STRUCTURES: dict[Structure, str] = {"parts": UserMessage("parts of eight bars, played twice"), "free": UserMessage("free")}
TEMPERATURE = UserMessage("From 0.1 (steady) to 2 (wild); 1 if you leave it open.")
TEMPO = UserMessage("Times the usual tempo, from 0.5 (slow) to 1.5 (fast); 1 if you leave it open.")
MODEL = UserMessage("Who composes: one of the models that are here, the usual one if you leave it open.")
WITHOUT = UserMessage("What to leave out: triplets, semiquavers, accidentals, rests, ties … Several with commas.")
CANDIDATES = UserMessage("How many are composed, of which you get the best; 8 if you leave it open.")
# What the shipped models' cards say of them, here for the catalogues.
SHIPPED_MODELS = (
    UserMessage("dances and airs of five collections, most of them Irish"),
    UserMessage("Scottish and Irish airs, marches and dances of the 18th century"),
)
SEED = UserMessage("The same wish with the same seed gives the same tune.")
TITLE = UserMessage("What the tune is called.")
INSTRUMENT = UserMessage("What plays the melody; each rhythm has its own if you leave it open.")
BACKING = UserMessage("Whether guitar and bodhrán play along; they do if you leave it open.")

RENDER = UserMessage("Hear and see a tune of your own: I play its ABC as it stands.")
RENDER_ABC = UserMessage("The tune in ABC; or attach it as a file.")
RENDER_KEY = UserMessage("Another key of the same mode to move it into.")
RENDER_FILE = UserMessage("The tune as an .abc file; the first tune of a collection is played.")
CONTINUE_TUNE = UserMessage("Continue this tune")
PLAY_ABC = UserMessage("Play this ABC")

AS_IT_STANDS = UserMessage("played as it stands")

# For whoever runs the bot: not translated.
LOGIN_REFUSED = (
    "Discord does not accept this token: copy the bot's from https://discord.com/developers/applications into DISCORD_TOKEN."
)
LOGIN_MISSING = (
    "There is no token for Discord: copy the bot's from https://discord.com/developers/applications into DISCORD_TOKEN."
)
TROUBLE = UserMessage("Your wish could not be taken just now. Please ask again in a minute.")
NOTHING_TO_PLAY = UserMessage("There is no tune to play. Type its ABC, or attach an .abc file.")
TWO_TUNES = UserMessage("I play one tune at a time: either type its ABC or attach a file.")
NO_ABC = UserMessage("I find no ABC in this message: no lines of it, no code block and no .abc file.")
FILE_OUT_OF_REACH = UserMessage("Discord does not hand me this file just now. Please try again, or paste the tune instead.")
FILE_NOT_TEXT = UserMessage("I can't read this file as text. Save the tune as plain text (UTF-8) and attach it again.")
GONE = UserMessage("I no longer have that tune. Ask for a new one with /tune.")
FAILED = UserMessage("This tune did not come out. Please ask again.")


def progress(now: Progress) -> UserMessage:
    """The card while the tune is made."""
    match now.tune.status:
        case Status.QUEUED if now.place <= 1:
            return UserMessage("🎻 Next in the queue …")
        case Status.QUEUED:
            return UserMessage("🎻 In the queue, place {place:,} …", place=now.place)
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
    return UserMessage("This file is too large for a tune: I read at most {limit} kB.", limit=limit_bytes // 1024)


def tune_too_long(characters: int, limit: int) -> UserMessage:
    return UserMessage("This tune has {characters:,} characters; I read at most {limit:,}.", characters=characters, limit=limit)


def too_large(names: list[str]) -> UserMessage:
    return UserMessage("Too large for this channel: {names}.", names=", ".join(names))


def treated(request: TuneRequest) -> list[UserMessage]:
    """What was asked for beyond the usual: what becomes of the opening, a free structure, another tempo, what is left out."""
    wishes = {
        UserMessage("variation, strength {strength}", strength=request.strength): request.mode == "vary",
        UserMessage("an answer to the opening"): request.mode == "answer",
        UserMessage("second part"): request.mode == "second part",
        UserMessage("free structure"): request.structure == "free",
        UserMessage("{percent} % of the usual tempo", percent=round(100 * request.tempo)): request.tempo != 1,
    }
    left_out = [UserMessage("without {things}", things=AllOf(map(named, request.without)))] if request.without else []
    return [*(wish for wish, made in wishes.items() if made), *left_out]


def temperature(value: float) -> UserMessage:
    return UserMessage("temperature {value}", value=f"{value:g}")


def seed(value: int) -> UserMessage:
    return UserMessage("seed {value}", value=value)


def asked_by(person: str) -> UserMessage:
    return UserMessage("for {person}", person=f"<@{person}>")


def made_from(address: str) -> UserMessage:
    return UserMessage("made from {address}", address=address)


def sheet_music(title: str) -> UserMessage:
    """What a screen reader says in place of the picture."""
    return UserMessage("Sheet music of {title}", title=title)


# Wishes in chat, and sessions.
ONE_MOMENT = UserMessage("🎻 One moment …")
HOW_TO_ASK = UserMessage(
    "Tell me what to play: “a slow jig in G minor”, or a few bars of ABC to go on from. Or reply to one of my tunes: “vary it”."
)
SESSION = UserMessage("Play by turns: you hand in a phrase, I answer it with the next.")
SESSION_NAME = UserMessage("Session")
SESSION_BEGINS = UserMessage("🎻 A session by turns.")
SESSION_RULES = UserMessage(
    "🎻 You begin: reply to this message with a phrase in ABC, of two to eight bars, and I answer it. Then reply to my answer "
    "with the next one, and so on. I only see replies that notify me; “Your turn” works always. Reply “stop” to end."
)
SESSION_IN_PERSON = UserMessage(
    "🎻 You begin: send me a phrase in ABC, of two to eight bars, and I answer it. Then send the next one. Write “stop” to end."
)
SESSION_BY_BUTTON = UserMessage(
    "🎻 You begin: press “Your turn”, hand in a phrase in ABC, of two to eight bars, and I answer it."
)
SESSION_OVER = UserMessage("That was the session. Thank you for the music!")
NO_THREADS = UserMessage("I may not make threads here (Create Public Threads), so we play in this channel.")
CANNOT_WRITE = UserMessage(
    "I may not write messages there (Send Messages, in threads Send Messages in Threads), but buttons work."
)
YOUR_TURN = UserMessage("Your turn")
YOUR_PHRASE = UserMessage("Your phrase in ABC")
WHOLE_SESSION = UserMessage("The whole session")


def comes_here(channel: int) -> UserMessage:
    return UserMessage("I may not write in {channel}, so your tune comes here.", channel=f"<#{channel}>")


def session_in(thread: int) -> UserMessage:
    return UserMessage("🎻 The session is in {thread}.", thread=f"<#{thread}>")


def phrases(count: int) -> UserMessage:
    return UserMessage("{n} phrase and its answer.", "{n} phrases and their answers.", n=count)


# Under a tune.

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
TAKE_BACK = UserMessage("Take back")
DELETE = UserMessage("Delete")
DELETE_FOR_GOOD = UserMessage("Delete for good")

WHICH_INSTRUMENT = UserMessage("Who shall play it?")
OWN_INSTRUMENT = UserMessage("the rhythm's own instrument")

CHANGE_TUNE = UserMessage("Change the tune")
FIELD_RHYTHM = UserMessage("Rhythm")
FIELD_KEY = UserMessage("Key")
FIELD_OPENING = UserMessage("Opening, in ABC")
FIELD_TUNE = UserMessage("The tune, in ABC")
FIELD_TEMPERATURE = UserMessage("Temperature, 0.1 to 2")
FIELD_SEED = UserMessage("Seed")
FIELD_TITLE = UserMessage("Title")
LEFT_OPEN = UserMessage("left open")
NEW_SEED = UserMessage("left open: a new one")
CHANGE_ON = UserMessage("Change on")
TYPED = UserMessage("What you typed")

SHARED = UserMessage("Shared: the tune is in the gallery now.")
TAKE_IT_BACK = UserMessage("This tune is in the gallery. Take it back?")
SHARED_ALREADY = UserMessage("This tune is in the gallery already.")
TAKEN_BACK = UserMessage("Taken back: the tune is out of the gallery.")
DELETE_IT = UserMessage("Delete this tune for good? Its files and its hearts go with it.")
DELETED = UserMessage("Deleted.")
PRIVATE = UserMessage("This tune is private. Whoever asked for it can share it; then it can be liked.")
NO_FILES = UserMessage("There are no more files of this tune.")
FLAC_INSTEAD = UserMessage(
    "As WAV the recording is too large to be sent here, so it comes as FLAC: the same sound in a smaller file."
)


def alone(instrument: str) -> UserMessage:
    """The instrument without guitar and drum."""
    return UserMessage("{instrument}, alone", instrument=instrument)


def likes(number: int) -> str:
    """The same in every language; `bot.discord.buttons.like` reads it again."""
    return f"♥ {number}"


def shared_in(place: str) -> UserMessage:
    return UserMessage("Shared: the tune is in the gallery and in {place}.", place=f"<#{place}>")


def shared_but_not_in(place: str) -> UserMessage:
    return UserMessage("Shared: the tune is in the gallery. I may not write in {place}, so it is not there.", place=f"<#{place}>")


def shared_soon_in(place: str) -> UserMessage:
    return UserMessage(
        "Shared: the tune is in the gallery, and comes to {place} as soon as Discord lets me.", place=f"<#{place}>"
    )


def shared_by(person: str) -> UserMessage:
    return UserMessage("shared by {person}", person=f"<@{person}>")


def no_number(typed: str) -> UserMessage:
    return UserMessage("“{typed}” is not a number I can read.", typed=typed)


def too_large_here(names: list[str]) -> UserMessage:
    return UserMessage("Too large to be sent here: {names}.", names=", ".join(names))


# While a tune is waited for, and where it cannot be posted as it should be.
CANCEL = UserMessage("Cancel")
CANCELLED = UserMessage("Cancelled. Ask for another with /tune whenever you like.")
NOT_CANCELLED = UserMessage("This tune could not be cancelled just now. Please try again in a minute.")

MAY_NOT_WRITE = UserMessage(
    "I may not write here, so the tune stays on my answer. Whoever runs the server can let me: View Channel and Send Messages, "
    "in threads Send Messages in Threads."
)
CLOSED_THREAD = UserMessage("This thread is closed to me, so the tune stays on my answer.")
FILES_ON_ANSWER = UserMessage(
    "I may not attach files here: sheet music and recording are on my answer. Whoever runs the server can let me: Attach Files."
)
FILES_SENT = UserMessage(
    "I may not attach files here: sheet music and recording are in your direct messages. Whoever runs the server can let me: "
    "Attach Files."
)
FILES_NOWHERE = UserMessage(
    "I may not attach files here, so sheet music and recording are missing. Whoever runs the server can let me: Attach Files."
)
BROUGHT = UserMessage("I can't post where you asked, so your tune comes to you here.")
FILES_OF_ANSWER = UserMessage("Sheet music and recording; I may not attach them to a message of mine here.")


def next_turn(unix_s: int) -> UserMessage:
    """During a cooldown; Discord makes «in 2 minutes» of it and counts down."""
    return UserMessage("your next turn comes {when}", when=f"<t:{unix_s}:R>")


# Several tunes at once.
SET = UserMessage("Compose tunes that go together, one after the other, as at a session.")
SET_KEY = UserMessage("Of the first tune; the others' keys go with it.")
SET_COUNT = UserMessage("How many tunes, 2 to 5; 3 if you leave it open.")
COUNT = UserMessage("How many tunes for this one wish, to choose from; 1 if you leave it open.")
OPEN_ONE = UserMessage("Choose a tune to do more with it …")


def set_of(n: int) -> UserMessage:
    return UserMessage("A set of {n} tune", "A set of {n} tunes", n=n)


def takes_of(n: int) -> UserMessage:
    return UserMessage("{n} tune for one wish", "{n} tunes for one wish", n=n)


def set_progress(finished: int, n: int) -> UserMessage:
    return UserMessage("{finished} of {n} tune finished", "{finished} of {n} tunes finished", finished=finished, n=n)


def set_lacks(n: int) -> UserMessage:
    return UserMessage("{n} tune of it did not come out.", "{n} tunes of it did not come out.", n=n)
