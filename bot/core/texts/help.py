"""English texts of help that several platforms use."""

from generator.user_messages import UserMessage

TOPICS = {
    "tune": UserMessage("tunes"),
    "chat": UserMessage("chat"),
    "buttons": UserMessage("buttons"),
    "sharing": UserMessage("sharing"),
    "settings": UserMessage("settings"),
    "privacy": UserMessage("privacy"),
}
EXAMPLE_OPENING = "|:EAAB c2Bc|dBAB G2EG|"

MODELS = UserMessage("With “model” you choose which model composes: each has learned from different tunes.")
MENTION = UserMessage("Mention me or send me a direct message, in words or in ABC: “a slow jig in G minor, please”.")
BUTTONS = UserMessage(
    "With the buttons under a tune, anyone can request another like it, vary it a little or a lot, continue it, add "
    "a B part, change the request, or have it played on another instrument."
)
LIKE_AND_SHARE = UserMessage("♥ likes the tune. The person who requested it can share or delete it.")
PRIVACY = UserMessage("I keep your requests, likes and settings until you delete them.")

# What examples do.
A_REEL = UserMessage("a reel in A dorian")
CONTINUES = UserMessage("continues your bars")
WILDER_JIG = UserMessage("a wilder jig on the flute")
EASY_WALTZ = UserMessage("a waltz that is easy to read")
THREE_POLKAS = UserMessage("three polkas that go together")
PLAYS = UserMessage("plays your own tune as written")
TURNS = UserMessage("you and I take turns, phrase by phrase")
SHARED_HERE = UserMessage("tunes shared here")
ONLY_JIGS = UserMessage("only jigs")
MOST_LIKED = UserMessage("the most liked tunes this month")
ALL_IN_ONE_FILE = UserMessage("all tunes shared here in one file")
YOUR_TUNES = UserMessage("your own tunes")
WHAT_I_KEEP = UserMessage("what I keep about you, and how to delete it")
