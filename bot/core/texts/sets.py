"""English texts of `/set` and of the components under a set."""

from generator.user_messages import UserMessage

SET = UserMessage("Compose a set: tunes that go together, played one after the other as at a session.")
SET_KEY = UserMessage("Key of the first tune. I choose keys that fit for the others.")
SET_COUNT = UserMessage("How many tunes, 2 to 5 (default: 3).")
OPEN_ONE = UserMessage("Open a tune for more options …")
