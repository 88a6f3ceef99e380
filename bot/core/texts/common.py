"""English texts that several features use."""

from generator.user_messages import UserMessage

STRUCTURES: dict[str, UserMessage] = {  # by request.STRUCTURES
    "parts": UserMessage("as usual for the rhythm"),
    "parts of 4": UserMessage("parts of 4 bars"),
    "parts of 8": UserMessage("parts of 8 bars"),
    "parts of 16": UserMessage("parts of 16 bars"),
    "aabb": UserMessage("AABB: two parts, each played twice"),
    "abac": UserMessage("ABAC: the first part returns"),
    "free": UserMessage("free"),
}
TIMES = {1: UserMessage("once"), 2: UserMessage("twice"), 3: UserMessage("three times")}
# The descriptions on the cards of the shipped models; they are here so that the catalogues contain them.
SHIPPED_MODELS = (
    UserMessage("dances and airs of five collections, most of them Irish"),
    UserMessage("Scottish and Irish airs, marches and dances of the 18th century"),
)
REQUEST_FAILED = UserMessage("I couldn't take your request. Please try again in a minute.")
NOTHING_TO_PLAY = UserMessage("There is no tune to play. Type its ABC or attach an .abc file.")
FILE_NOT_TEXT = UserMessage("I can't read this file as text. Save the tune as plain text (UTF-8) and attach it again.")
FILE_OUT_OF_REACH = UserMessage("I couldn't download this file. Please try again, or paste the tune instead.")
TUNE_GONE = UserMessage("I no longer have that tune. Please request a new one.")


def file_too_large(limit_bytes: int) -> UserMessage:
    return UserMessage("This file is too large. I read at most {limit} kB.", limit=limit_bytes // 1024)


def tune_too_long(characters: int, limit: int) -> UserMessage:
    return UserMessage("This tune has {characters:,} characters; I read at most {limit:,}.", characters=characters, limit=limit)


AGAIN = UserMessage("Again")
TUNE_IS_PRIVATE = UserMessage("This tune is private. Once the person who requested it shares it, it can be liked.")
ANY_TUNE = UserMessage("any tune")
TUNE_FROM_ABC = UserMessage("a tune from ABC")
UNTITLED = UserMessage("untitled tune")
OPENING_UNAVAILABLE = UserMessage("The tune you chose no longer exists, or you can't see it. Please choose another opening.")
TRY_AGAIN_LATER = UserMessage("That didn't work. Please try again in a minute.")
CLOSE = UserMessage("Close")
