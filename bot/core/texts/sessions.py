"""English texts of sessions."""

from generator.user_messages import UserMessage

SESSION = UserMessage("Take turns with me: you send a phrase in ABC, and I answer with the next one.")
SESSION_NAME = UserMessage("Session")
SESSION_STARTED = UserMessage("🎻 A session: you and I take turns.")
SESSION_RULES_DIRECT = UserMessage(
    "🎻 You start: send me a phrase in ABC, two to eight bars long, and I answer it. Then send the next one. Send "
    "“stop” to end the session."
)
SESSION_BY_BUTTON = UserMessage("🎻 You start: press “Your turn” and enter a phrase in ABC, two to eight bars long. I answer it.")
SESSION_OVER = UserMessage("The session is over. Thank you for the music!")
YOUR_TURN = UserMessage("Your turn")
YOUR_PHRASE = UserMessage("Your phrase in ABC")
WHOLE_SESSION = UserMessage("Whole session")


def phrases_in_file(count: int) -> UserMessage:
    return UserMessage("{n} phrase and its answer.", "{n} phrases and their answers.", n=count)
