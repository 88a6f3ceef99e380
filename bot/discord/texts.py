"""Everything that people in Discord read."""

from bot.desk import Progress
from storage.tunes import Status

TUNE = "Compose an Irish tune; whatever you leave open is up to the musician."
RHYTHM = "The dance, or an air."
KEY = "Tonic and mode as ABC writes them: D, Am, Ador, Gmix."
METRE = "Beats in the bar, such as 4/4 or 6/8."
OPENING = "A few bars of ABC to start from."
TEMPERATURE = "From 0.1 (steady) to 2 (wild); 1 if you leave it open."
SEED = "The same wish with the same seed gives the same tune."
TITLE = "What the tune is called."
INSTRUMENT = "What plays the melody; each rhythm has its own if you leave it open."
BACKING = "Whether guitar and bodhrán play along; they do if you leave it open."

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


def too_large(names: list[str]) -> str:
    return f"Too large for this channel: {', '.join(names)}."


def sheet_music(title: str) -> str:
    """What a screen reader says in place of the picture."""
    return f"Sheet music of {title}"
