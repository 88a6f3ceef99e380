"""Everything that people in Discord read."""

from bot.desk import Progress
from generator.notation.opening import OpeningMode
from generator.request import Structure, TuneRequest
from storage.tunes import Status

TUNE = "Compose an Irish tune; whatever you leave open is up to the musician."
RHYTHM = "The dance, or an air."
KEY = "Tonic and mode as ABC writes them: D, Am, Ador, Gmix."
METRE = "Beats in the bar, such as 4/4 or 6/8."
OPENING = "A few bars of ABC to start from."
MODE = "What becomes of the opening; I go on from it if you leave this open."
MODES: dict[OpeningMode, str] = {
    "continue": "continue: go on from it until the tune is whole",
    "answer": "answer: one phrase that answers it",
    "vary": "vary: it is a whole tune, and comes back varied",
    "second part": "second part: it is an A part, and gets its B",
    "play": "play: it is a whole tune, played as it stands",
}
STRENGTH = "Of a variation: how much of it is new; 2 if you leave it open."
STRENGTHS = {1: "1: a little is new", 2: "2: more is", 3: "3: most of it is"}
STRUCTURE = "Parts of eight bars, played twice, if you leave it open."
STRUCTURES: dict[Structure, str] = {"parts": "parts of eight bars, played twice", "free": "free"}
TEMPERATURE = "From 0.1 (steady) to 2 (wild); 1 if you leave it open."
SEED = "The same wish with the same seed gives the same tune."
TITLE = "What the tune is called."
INSTRUMENT = "What plays the melody; each rhythm has its own if you leave it open."
BACKING = "Whether guitar and bodhrán play along; they do if you leave it open."

RENDER = "Hear and see a tune of your own: I play its ABC as it stands."
RENDER_ABC = "The tune in ABC; or attach it as a file."
RENDER_FILE = "The tune as an .abc file; the first tune of a collection is played."
CONTINUE_TUNE = "Continue this tune"
PLAY_ABC = "Play this ABC"

AS_IT_STANDS = "played as it stands"

AGAIN = "Again"
VARY = "Vary"

LOGIN_REFUSED = (
    "Discord does not accept this token: copy the bot's from https://discord.com/developers/applications into DISCORD_TOKEN."
)
LOGIN_MISSING = (
    "There is no token for Discord: copy the bot's from https://discord.com/developers/applications into DISCORD_TOKEN."
)
TROUBLE = "Your wish could not be taken just now. Please ask again in a minute."
NOTHING_TO_PLAY = "There is no tune to play. Type its ABC, or attach an .abc file."
TWO_TUNES = "I play one tune at a time: either type its ABC or attach a file."
NO_ABC = "I find no ABC in this message: no lines of it, no code block and no .abc file."
FILE_OUT_OF_REACH = "Discord does not hand me this file just now. Please try again, or paste the tune instead."
FILE_NOT_TEXT = "I can't read this file as text. Save the tune as plain text (UTF-8) and attach it again."
GONE = "I no longer have that tune. Ask for a new one with /tune."
FAILED = "This tune did not come out. Please ask again."


def progress(now: Progress) -> str:
    """The card while the tune is made."""
    match now.tune.status:
        case Status.QUEUED if now.place <= 1:
            return "🎻 Next in the queue …"
        case Status.QUEUED:
            return f"🎻 In the queue, place {now.place:,} …"
        case Status.COMPOSING | Status.RENDERING if now.tune.request.mode == "play":
            return "🎻 Engraving and playing …"
        case Status.COMPOSING if now.tune.bars == 1:
            return "🎻 Composing: 1 bar written …"
        case Status.COMPOSING if now.tune.bars:
            return f"🎻 Composing: {now.tune.bars} bars written …"
        case Status.COMPOSING:
            return "🎻 Composing …"
        case _:
            return f"🎻 {now.tune.bars} bars written; engraving and playing …"


def file_too_large(limit_bytes: int) -> str:
    return f"This file is too large for a tune: I read at most {limit_bytes // 1024} kB."


def tune_too_long(characters: int, limit: int) -> str:
    return f"This tune has {characters:,} characters; I read at most {limit:,}."


def too_large(names: list[str]) -> str:
    return f"Too large for this channel: {', '.join(names)}."


def treated(request: TuneRequest) -> list[str]:
    """What was asked for beyond the usual: what becomes of the opening, and a free structure."""
    wishes = {
        f"variation, strength {request.strength}": request.mode == "vary",
        request.mode: request.mode in ("answer", "second part"),
        "free structure": request.structure == "free",
    }
    return [wish for wish, made in wishes.items() if made]


def sheet_music(title: str) -> str:
    """What a screen reader says in place of the picture."""
    return f"Sheet music of {title}"
