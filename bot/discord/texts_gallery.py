"""What people in Discord read of the gallery, of their own tunes and of tunebooks."""

from generator.user_messages import UserMessage

GALLERY = UserMessage("Look through the tunes that were shared here, and play them.")
TOP = UserMessage("The tunes that people here like most.")
MINE = UserMessage("Your own tunes: play them, share them, take them back or delete them.")
TUNEBOOK = UserMessage("All these tunes as one file in ABC.")
SEARCH = UserMessage("Words of the title.")
SEARCH_RHYTHM = UserMessage("Tunes of one dance only.")
SEARCH_KEY = UserMessage("Tunes in one key only, or in one mode: Ador, D, dorian.")
PERIOD = UserMessage("Likes of the last seven days, of the last thirty, or all of them.")
PERIODS = {"week": UserMessage("week"), "month": UserMessage("month"), "ever": UserMessage("ever")}
WHICH = UserMessage("What was shared here, or your own tunes, also those that nobody else sees.")
WHICH_SERVER = UserMessage("what was shared here")
WHICH_MINE = UserMessage("my own tunes")
ORDER = UserMessage("Of the shared tunes: the newest first, or the most liked.")
ORDERS = {
    "newest": UserMessage("the newest first"),
    "week": UserMessage("the most liked of the week"),
    "month": UserMessage("the most liked of the month"),
    "ever": UserMessage("the most liked ever"),
}

SHARED_HERE = UserMessage("Shared in this server")
SHARED_EVERYWHERE = UserMessage("Shared everywhere")
LIKED_THIS_WEEK = UserMessage("Most liked this week")
LIKED_THIS_MONTH = UserMessage("Most liked this month")
LIKED_EVER = UserMessage("Most liked ever")
YOUR_TUNES = UserMessage("Your tunes")

NOTHING_SHARED = UserMessage("Nothing is shared here yet. Make a tune with /tune, and press Share under it.")
NOTHING_LIKED = UserMessage("Nobody liked a tune here in this time. Press ♥ under one that you like.")
NOTHING_YOURS = UserMessage("You have no tunes yet. Ask for one with /tune.")
NOTHING_FOUND = UserMessage("No tune here is like that. Search for less, or leave the search out.")

CHOOSE = UserMessage("Choose a tune to see and hear it")
PREVIOUS = UserMessage("Previous page")
NEXT = UserMessage("Next page")
BACK = UserMessage("Back")
SHARE = UserMessage("Share")
TAKE_BACK = UserMessage("Take back")
DELETE = UserMessage("Delete")
REALLY_DELETE = UserMessage("Delete for good")
KEEP = UserMessage("Keep it")
PRIVATE = UserMessage("private")
UNTITLED = UserMessage("a tune without a title")
MESSAGE = UserMessage("message")

PAGE_GONE = UserMessage("This page is not there any more. Please open it again with its command.")
TUNE_GONE = UserMessage("This tune is not here any more. Go back and choose another.")
NO_OPENING = UserMessage("I no longer have the tune that you chose, or it is not for you to see. Please choose another opening.")
LATER = UserMessage("This does not work just now. Please try again in a minute.")


def shared_on(day: str) -> UserMessage:
    return UserMessage("shared {day}", day=day)


def search_too_long(limit: int) -> UserMessage:
    return UserMessage("I search for at most {limit} characters of a title.", limit=limit)


def tunes_in_file(n: int) -> UserMessage:
    return UserMessage("{n} tune", "{n} tunes", n=n)
