"""Everything that people in Discord read, in English; `Caller.say` says it in their language."""

from bot.desk import Progress
from generator.notation.names import named
from generator.notation.opening import OpeningMode
from generator.notation.sentences import AllOf, Sentence
from generator.request import Structure, TuneRequest
from storage.tunes import Status

TUNE = Sentence("Compose an Irish tune; whatever you leave open is up to the musician.")
RHYTHM = Sentence("The dance, or an air.")
KEY = Sentence("Tonic and mode as ABC writes them: D, Am, Ador, Gmix.")
METRE = Sentence("Beats in the bar, such as 4/4 or 6/8.")
OPENING = Sentence("A few bars of ABC to start from.")
MODE = Sentence("What becomes of the opening; I go on from it if you leave this open.")
MODES: dict[OpeningMode, str] = {
    "continue": Sentence("continue: go on from it until the tune is whole"),
    "answer": Sentence("answer: one phrase that answers it"),
    "vary": Sentence("vary: it is a whole tune, and comes back varied"),
    "second part": Sentence("second part: it is an A part, and gets its B"),
    "play": Sentence("play: it is a whole tune, played as it stands"),
}
STRENGTH = Sentence("Of a variation: how much of it is new; 2 if you leave it open.")
STRENGTHS = {1: Sentence("1: a little is new"), 2: Sentence("2: more is"), 3: Sentence("3: most of it is")}
STRUCTURE = Sentence("Parts of eight bars, played twice, if you leave it open.")
STRUCTURES: dict[Structure, str] = {"parts": Sentence("parts of eight bars, played twice"), "free": Sentence("free")}
TEMPERATURE = Sentence("From 0.1 (steady) to 2 (wild); 1 if you leave it open.")
TEMPO = Sentence("Times the usual tempo, from 0.5 (slow) to 1.5 (fast); 1 if you leave it open.")
MODEL = Sentence("Who composes: one of the models that are here, the usual one if you leave it open.")
WITHOUT = Sentence("What to leave out: triplets, semiquavers, accidentals, rests, ties … Several with commas.")
CANDIDATES = Sentence("How many are composed, of which you get the best; 8 if you leave it open.")
# What the shipped models' cards say of them, here for the catalogues.
SHIPPED_MODELS = (
    Sentence("dances and airs of five collections, most of them Irish"),
    Sentence("Scottish and Irish airs, marches and dances of the 18th century"),
)
SEED = Sentence("The same wish with the same seed gives the same tune.")
TITLE = Sentence("What the tune is called.")
INSTRUMENT = Sentence("What plays the melody; each rhythm has its own if you leave it open.")
BACKING = Sentence("Whether guitar and bodhrán play along; they do if you leave it open.")

RENDER = Sentence("Hear and see a tune of your own: I play its ABC as it stands.")
RENDER_ABC = Sentence("The tune in ABC; or attach it as a file.")
RENDER_KEY = Sentence("Another key of the same mode to move it into.")
RENDER_FILE = Sentence("The tune as an .abc file; the first tune of a collection is played.")
CONTINUE_TUNE = Sentence("Continue this tune")
PLAY_ABC = Sentence("Play this ABC")

AS_IT_STANDS = Sentence("played as it stands")

# For whoever runs the bot: not translated.
LOGIN_REFUSED = (
    "Discord does not accept this token: copy the bot's from https://discord.com/developers/applications into DISCORD_TOKEN."
)
LOGIN_MISSING = (
    "There is no token for Discord: copy the bot's from https://discord.com/developers/applications into DISCORD_TOKEN."
)
TROUBLE = Sentence("Your wish could not be taken just now. Please ask again in a minute.")
NOTHING_TO_PLAY = Sentence("There is no tune to play. Type its ABC, or attach an .abc file.")
TWO_TUNES = Sentence("I play one tune at a time: either type its ABC or attach a file.")
NO_ABC = Sentence("I find no ABC in this message: no lines of it, no code block and no .abc file.")
FILE_OUT_OF_REACH = Sentence("Discord does not hand me this file just now. Please try again, or paste the tune instead.")
FILE_NOT_TEXT = Sentence("I can't read this file as text. Save the tune as plain text (UTF-8) and attach it again.")
GONE = Sentence("I no longer have that tune. Ask for a new one with /tune.")
FAILED = Sentence("This tune did not come out. Please ask again.")


def progress(now: Progress) -> Sentence:
    """The card while the tune is made."""
    match now.tune.status:
        case Status.QUEUED if now.place <= 1:
            return Sentence("🎻 Next in the queue …")
        case Status.QUEUED:
            return Sentence("🎻 In the queue, place {place:,} …", place=now.place)
        case Status.COMPOSING | Status.RENDERING if now.tune.request.mode == "play":
            return Sentence("🎻 Engraving and playing …")
        case Status.COMPOSING if now.tune.bars:
            return Sentence("🎻 Composing: {n} bar written …", "🎻 Composing: {n} bars written …", n=now.tune.bars)
        case Status.COMPOSING:
            return Sentence("🎻 Composing …")
        case _:
            return Sentence(
                "🎻 {n} bar written; engraving and playing …", "🎻 {n} bars written; engraving and playing …", n=now.tune.bars
            )


def file_too_large(limit_bytes: int) -> Sentence:
    return Sentence("This file is too large for a tune: I read at most {limit} kB.", limit=limit_bytes // 1024)


def tune_too_long(characters: int, limit: int) -> Sentence:
    return Sentence("This tune has {characters:,} characters; I read at most {limit:,}.", characters=characters, limit=limit)


def too_large(names: list[str]) -> Sentence:
    return Sentence("Too large for this channel: {names}.", names=", ".join(names))


def treated(request: TuneRequest) -> list[Sentence]:
    """What was asked for beyond the usual: what becomes of the opening, a free structure, another tempo, what is left out."""
    wishes = {
        Sentence("variation, strength {strength}", strength=request.strength): request.mode == "vary",
        Sentence("an answer to the opening"): request.mode == "answer",
        Sentence("second part"): request.mode == "second part",
        Sentence("free structure"): request.structure == "free",
        Sentence("{percent} % of the usual tempo", percent=round(100 * request.tempo)): request.tempo != 1,
    }
    left_out = [Sentence("without {things}", things=AllOf(map(named, request.without)))] if request.without else []
    return [*(wish for wish, made in wishes.items() if made), *left_out]


def temperature(value: float) -> Sentence:
    return Sentence("temperature {value}", value=f"{value:g}")


def seed(value: int) -> Sentence:
    return Sentence("seed {value}", value=value)


def asked_by(person: str) -> Sentence:
    return Sentence("for {person}", person=f"<@{person}>")


def made_from(address: str) -> Sentence:
    return Sentence("made from {address}", address=address)


def sheet_music(title: str) -> Sentence:
    """What a screen reader says in place of the picture."""
    return Sentence("Sheet music of {title}", title=title)


# Wishes in chat, and sessions.
ONE_MOMENT = Sentence("🎻 One moment …")
HOW_TO_ASK = Sentence(
    "Tell me what to play: “a slow jig in G minor”, or a few bars of ABC to go on from. Or reply to one of my tunes: “vary it”."
)
SESSION = Sentence("Play by turns: you hand in a phrase, I answer it with the next.")
SESSION_NAME = Sentence("Session")
SESSION_BEGINS = Sentence("🎻 A session by turns.")
SESSION_RULES = Sentence(
    "🎻 You begin: reply to this message with a phrase in ABC, of two to eight bars, and I answer it. Then reply to my answer "
    "with the next one, and so on. I only see replies that notify me; “Your turn” works always. Reply “stop” to end."
)
SESSION_IN_PERSON = Sentence(
    "🎻 You begin: send me a phrase in ABC, of two to eight bars, and I answer it. Then send the next one. Write “stop” to end."
)
SESSION_BY_BUTTON = Sentence("🎻 You begin: press “Your turn”, hand in a phrase in ABC, of two to eight bars, and I answer it.")
SESSION_OVER = Sentence("That was the session. Thank you for the music!")
NO_THREADS = Sentence("I may not make threads here (Create Public Threads), so we play in this channel.")
CANNOT_WRITE = Sentence("I may not write messages there (Send Messages, in threads Send Messages in Threads), but buttons work.")
YOUR_TURN = Sentence("Your turn")
YOUR_PHRASE = Sentence("Your phrase in ABC")
WHOLE_SESSION = Sentence("The whole session")


def comes_here(channel: int) -> Sentence:
    return Sentence("I may not write in {channel}, so your tune comes here.", channel=f"<#{channel}>")


def session_in(thread: int) -> Sentence:
    return Sentence("🎻 The session is in {thread}.", thread=f"<#{thread}>")


def phrases(count: int) -> Sentence:
    return Sentence("{n} phrase and its answer.", "{n} phrases and their answers.", n=count)


# Under a tune.

AGAIN = Sentence("Again")
VARY_A_LITTLE = Sentence("Vary a little")
VARY = Sentence("Vary")
VARY_A_LOT = Sentence("Vary a lot")
CONTINUE = Sentence("Continue")
B_PART = Sentence("B part")
CHANGE = Sentence("Change…")
OTHER_INSTRUMENT = Sentence("Instrument")
MORE_FILES = Sentence("More files")
SHARE = Sentence("Share")
TAKE_BACK = Sentence("Take back")
DELETE = Sentence("Delete")
DELETE_FOR_GOOD = Sentence("Delete for good")

WHICH_INSTRUMENT = Sentence("Who shall play it?")
OWN_INSTRUMENT = Sentence("the rhythm's own instrument")

CHANGE_TUNE = Sentence("Change the tune")
FIELD_RHYTHM = Sentence("Rhythm")
FIELD_KEY = Sentence("Key")
FIELD_OPENING = Sentence("Opening, in ABC")
FIELD_TUNE = Sentence("The tune, in ABC")
FIELD_TEMPERATURE = Sentence("Temperature, 0.1 to 2")
FIELD_SEED = Sentence("Seed")
FIELD_TITLE = Sentence("Title")
LEFT_OPEN = Sentence("left open")
NEW_SEED = Sentence("left open: a new one")
CHANGE_ON = Sentence("Change on")
TYPED = Sentence("What you typed")

SHARED = Sentence("Shared: the tune is in the gallery now.")
TAKE_IT_BACK = Sentence("This tune is in the gallery. Take it back?")
SHARED_ALREADY = Sentence("This tune is in the gallery already.")
TAKEN_BACK = Sentence("Taken back: the tune is out of the gallery.")
DELETE_IT = Sentence("Delete this tune for good? Its files and its hearts go with it.")
DELETED = Sentence("Deleted.")
PRIVATE = Sentence("This tune is private. Whoever asked for it can share it; then it can be liked.")
NO_FILES = Sentence("There are no more files of this tune.")
FLAC_INSTEAD = Sentence(
    "As WAV the recording is too large to be sent here, so it comes as FLAC: the same sound in a smaller file."
)


def alone(instrument: str) -> Sentence:
    """The instrument without guitar and drum."""
    return Sentence("{instrument}, alone", instrument=instrument)


def likes(number: int) -> str:
    """The same in every language; `bot.discord.buttons.like` reads it again."""
    return f"♥ {number}"


def shared_in(place: str) -> Sentence:
    return Sentence("Shared: the tune is in the gallery and in {place}.", place=f"<#{place}>")


def shared_but_not_in(place: str) -> Sentence:
    return Sentence("Shared: the tune is in the gallery. I may not write in {place}, so it is not there.", place=f"<#{place}>")


def shared_soon_in(place: str) -> Sentence:
    return Sentence("Shared: the tune is in the gallery, and comes to {place} as soon as Discord lets me.", place=f"<#{place}>")


def shared_by(person: str) -> Sentence:
    return Sentence("shared by {person}", person=f"<@{person}>")


def no_number(typed: str) -> Sentence:
    return Sentence("“{typed}” is not a number I can read.", typed=typed)


def too_large_here(names: list[str]) -> Sentence:
    return Sentence("Too large to be sent here: {names}.", names=", ".join(names))


# While a tune is waited for, and where it cannot be posted as it should be.
CANCEL = Sentence("Cancel")
CANCELLED = Sentence("Cancelled. Ask for another with /tune whenever you like.")
NOT_CANCELLED = Sentence("This tune could not be cancelled just now. Please try again in a minute.")

MAY_NOT_WRITE = Sentence(
    "I may not write here, so the tune stays on my answer. Whoever runs the server can let me: View Channel and Send Messages, "
    "in threads Send Messages in Threads."
)
CLOSED_THREAD = Sentence("This thread is closed to me, so the tune stays on my answer.")
FILES_ON_ANSWER = Sentence(
    "I may not attach files here: sheet music and recording are on my answer. Whoever runs the server can let me: Attach Files."
)
FILES_SENT = Sentence(
    "I may not attach files here: sheet music and recording are in your direct messages. Whoever runs the server can let me: "
    "Attach Files."
)
FILES_NOWHERE = Sentence(
    "I may not attach files here, so sheet music and recording are missing. Whoever runs the server can let me: Attach Files."
)
BROUGHT = Sentence("I can't post where you asked, so your tune comes to you here.")
FILES_OF_ANSWER = Sentence("Sheet music and recording; I may not attach them to a message of mine here.")


def next_turn(unix_s: int) -> Sentence:
    """During a cooldown; Discord makes «in 2 minutes» of it and counts down."""
    return Sentence("your next turn comes {when}", when=f"<t:{unix_s}:R>")


# Several tunes at once.
SET = Sentence("Compose tunes that go together, one after the other, as at a session.")
SET_KEY = Sentence("Of the first tune; the others' keys go with it.")
SET_COUNT = Sentence("How many tunes, 2 to 5; 3 if you leave it open.")
COUNT = Sentence("How many tunes for this one wish, to choose from; 1 if you leave it open.")
OPEN_ONE = Sentence("Choose a tune to do more with it …")


def set_of(n: int) -> Sentence:
    return Sentence("A set of {n} tune", "A set of {n} tunes", n=n)


def takes_of(n: int) -> Sentence:
    return Sentence("{n} tune for one wish", "{n} tunes for one wish", n=n)


def set_progress(finished: int, n: int) -> Sentence:
    return Sentence("{finished} of {n} tune finished", "{finished} of {n} tunes finished", finished=finished, n=n)


def set_lacks(n: int) -> Sentence:
    return Sentence("{n} tune of it did not come out.", "{n} tunes of it did not come out.", n=n)
