"""English texts of `/gallery`, `/top`, `/mine` and `/tunebook`."""

from generator.user_messages import UserMessage

GALLERY = UserMessage("Browse and play the tunes shared here.")
TOP = UserMessage("Show the most liked tunes here.")
MINE = UserMessage("Your own tunes: play, post, share, unshare or delete them.")
TUNEBOOK = UserMessage("Download many tunes as one ABC file, and as a PDF to print.")
SEARCH = UserMessage("Words in the title.")
SEARCH_RHYTHM = UserMessage("Only tunes with this rhythm.")
SEARCH_KEY = UserMessage("Only tunes in this key or mode: Ador, D, dorian.")
PERIOD = UserMessage("Likes from the last 7 days, the last 30 days or all time (default: week).")
PERIODS = {"week": UserMessage("week"), "month": UserMessage("month"), "ever": UserMessage("all time")}
TUNEBOOK_CONTENTS = UserMessage("Tunes shared here (default), or all of your own, including private ones.")
SHARED_TUNES = UserMessage("tunes shared here")
OWN_TUNES = UserMessage("my own tunes")
TUNEBOOK_ORDER = UserMessage("For shared tunes: newest first (default), or the most liked.")
ORDERS = {
    "newest": UserMessage("newest first"),
    "week": UserMessage("most liked this week"),
    "month": UserMessage("most liked this month"),
    "ever": UserMessage("most liked of all time"),
}
SHARED_EVERYWHERE = UserMessage("Shared everywhere")
LIKED_THIS_WEEK = UserMessage("Most liked this week")
LIKED_THIS_MONTH = UserMessage("Most liked this month")
LIKED_EVER = UserMessage("Most liked of all time")
YOUR_TUNES = UserMessage("Your tunes")
NOTHING_SHARED = UserMessage("Nothing has been shared here yet. Request a tune and press Share under it.")
NOTHING_LIKED = UserMessage("No tune was liked here in this period. Press ♥ under one that you like.")
NO_TUNES_OF_YOURS = UserMessage("You have no tunes yet. Request one, and you find it here.")
NOTHING_FOUND = UserMessage("No tunes found. Use fewer search options, or none.")
CHOOSE_TUNE = UserMessage("Choose a tune to see and hear it")
PREVIOUS_PAGE = UserMessage("Previous page")
NEXT_PAGE = UserMessage("Next page")
BACK = UserMessage("Back")
SHARE = UserMessage("Share")
UNSHARE = UserMessage("Unshare")
DELETE = UserMessage("Delete")
DELETE_FOR_GOOD = UserMessage("Delete for good")
POST_HERE = UserMessage("Post here")
POSTED = UserMessage("Posted. Everyone in this channel can see the tune.")
ONLY_OWNER_POSTS = UserMessage("Only the person who requested this tune can post it here.")
KEEP_TUNE = UserMessage("Keep it")
PRIVATE = UserMessage("private")
MESSAGE = UserMessage("message")
PAGE_GONE = UserMessage("This page is no longer available. Please use the command again.")
TUNE_GONE = UserMessage("This tune is no longer available. Go back and choose another.")


def shared_on(day: str) -> UserMessage:
    return UserMessage("shared {day}", day=day)


def search_too_long(limit: int) -> UserMessage:
    return UserMessage("Search for at most {limit} characters of a title.", limit=limit)


def tunes_in_file(n: int) -> UserMessage:
    return UserMessage("{n} tune", "{n} tunes", n=n)
