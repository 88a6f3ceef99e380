"""English texts of the queue card and of a finished tune's message."""

from bot.core.following import Progress
from bot.core.texts.common import STRUCTURES
from generator.notation.names import translatable
from generator.request import TuneRequest
from generator.user_messages import AllOf, UserMessage
from storage.tunes import Status

PLAYED_AS_WRITTEN = UserMessage("played as written")
FAILED = UserMessage("I couldn't finish this tune. Please request it again.")


def progress(now: Progress) -> UserMessage:
    """The text of the queue card until the tune is finished."""
    match now.tune.status:
        case Status.QUEUED if now.waits_for_room:
            return UserMessage("🎻 There is no room on my disk. Your tune is stored, and I make it as soon as there is room …")
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


def too_large(names: list[str]) -> UserMessage:
    return UserMessage("Too large for this channel: {names}.", names=", ".join(names))


def chosen_settings(request: TuneRequest) -> list[UserMessage]:
    """The settings of a request that are not the defaults: mode, structure, tempo and what to leave out."""
    settings = {
        UserMessage("variation, strength {strength}", strength=request.strength): request.mode == "vary" and not request.keep,
        UserMessage("bars {bars} kept", bars=request.keep): bool(request.keep),
        UserMessage("answer to the opening"): request.mode == "answer",
        UserMessage("second part"): request.mode == "second part",
        UserMessage("free structure"): request.structure == "free",
        STRUCTURES[request.structure]: request.structure not in ("parts", "free"),
        UserMessage("{percent}% of the usual tempo", percent=round(100 * request.tempo)): request.tempo != 1,
    }
    left_out = [UserMessage("without {things}", things=AllOf(map(translatable, request.without)))] if request.without else []
    return [*(message for message, chosen in settings.items() if chosen), *left_out]


def temperature(value: float) -> UserMessage:
    return UserMessage("temperature {value}", value=f"{value:g}")


def seed(value: int) -> UserMessage:
    return UserMessage("seed {value}", value=value)


def requested_by(user_id: str) -> UserMessage:
    return UserMessage("for {person}", person=f"<@{user_id}>")


def based_on(address: str) -> UserMessage:
    return UserMessage("based on {address}", address=address)


def sheet_music(title: str) -> UserMessage:
    """Alternative text of the picture, for screen readers."""
    return UserMessage("Sheet music of {title}", title=title)


def shared_by(user_id: str) -> UserMessage:
    return UserMessage("shared by {person}", person=f"<@{user_id}>")


CANCEL = UserMessage("Cancel")
CANCELLED = UserMessage("Cancelled. You can request another tune at any time.")
CANCEL_FAILED = UserMessage("I couldn't cancel this tune. Please try again in a minute.")
SENT_DIRECTLY = UserMessage("I can't post in the channel where you requested this tune, so I sent it to you here.")


def set_heading(n: int) -> UserMessage:
    return UserMessage("A set of {n} tune", "A set of {n} tunes", n=n)


def tunes_for_one_request(n: int) -> UserMessage:
    return UserMessage("{n} tune for one request", "{n} tunes for one request", n=n)


def set_progress(finished: int, n: int) -> UserMessage:
    return UserMessage("{finished} of {n} tune finished", "{finished} of {n} tunes finished", finished=finished, n=n)


def tunes_failed(n: int) -> UserMessage:
    return UserMessage("{n} tune failed.", "{n} tunes failed.", n=n)
