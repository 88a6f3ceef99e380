"""What people in Discord read of the gallery, of their own tunes and of tunebooks."""

from generator.notation.sentences import Sentence

GALLERY = Sentence("Look through the tunes that were shared here, and play them.")
TOP = Sentence("The tunes that people here like most.")
MINE = Sentence("Your own tunes: play them, share them, take them back or delete them.")
TUNEBOOK = Sentence("All these tunes as one file in ABC.")
SEARCH = Sentence("Words of the title.")
SEARCH_RHYTHM = Sentence("Tunes of one dance only.")
SEARCH_KEY = Sentence("Tunes in one key only, or in one mode: Ador, D, dorian.")
PERIOD = Sentence("Likes of the last seven days, of the last thirty, or all of them.")
PERIODS = {"week": Sentence("week"), "month": Sentence("month"), "ever": Sentence("ever")}
WHICH = Sentence("What was shared here, or your own tunes, also those that nobody else sees.")
WHICH_SERVER = Sentence("what was shared here")
WHICH_MINE = Sentence("my own tunes")
ORDER = Sentence("Of the shared tunes: the newest first, or the most liked.")
ORDERS = {
    "newest": Sentence("the newest first"),
    "week": Sentence("the most liked of the week"),
    "month": Sentence("the most liked of the month"),
    "ever": Sentence("the most liked ever"),
}

SHARED_HERE = Sentence("Shared in this server")
SHARED_EVERYWHERE = Sentence("Shared everywhere")
LIKED_THIS_WEEK = Sentence("Most liked this week")
LIKED_THIS_MONTH = Sentence("Most liked this month")
LIKED_EVER = Sentence("Most liked ever")
YOUR_TUNES = Sentence("Your tunes")

NOTHING_SHARED = Sentence("Nothing is shared here yet. Make a tune with /tune, and press Share under it.")
NOTHING_LIKED = Sentence("Nobody liked a tune here in this time. Press ♥ under one that you like.")
NOTHING_YOURS = Sentence("You have no tunes yet. Ask for one with /tune.")
NOTHING_FOUND = Sentence("No tune here is like that. Search for less, or leave the search out.")

CHOOSE = Sentence("Choose a tune to see and hear it")
PREVIOUS = Sentence("Previous page")
NEXT = Sentence("Next page")
BACK = Sentence("Back")
SHARE = Sentence("Share")
TAKE_BACK = Sentence("Take back")
DELETE = Sentence("Delete")
REALLY_DELETE = Sentence("Delete for good")
KEEP = Sentence("Keep it")
PRIVATE = Sentence("private")
UNTITLED = Sentence("a tune without a title")
MESSAGE = Sentence("message")

PAGE_GONE = Sentence("This page is not there any more. Please open it again with its command.")
TUNE_GONE = Sentence("This tune is not here any more. Go back and choose another.")
NO_OPENING = Sentence("I no longer have the tune that you chose, or it is not for you to see. Please choose another opening.")
LATER = Sentence("This does not work just now. Please try again in a minute.")


def shared_on(day: str) -> Sentence:
    return Sentence("shared {day}", day=day)


def search_too_long(limit: int) -> Sentence:
    return Sentence("I search for at most {limit} characters of a title.", limit=limit)


def tunes_in_file(n: int) -> Sentence:
    return Sentence("{n} tune", "{n} tunes", n=n)
