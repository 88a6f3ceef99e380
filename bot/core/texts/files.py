"""English texts of the More files button."""

from generator.user_messages import UserMessage

MORE_FILES = UserMessage("More files")
NO_FILES = UserMessage("There are no more files for this tune.")
FLAC_INSTEAD = UserMessage("The WAV recording is too large to send here, so I sent it as FLAC: the same sound in a smaller file.")


def too_large_to_send(names: list[str]) -> UserMessage:
    return UserMessage("Too large to send here: {names}.", names=", ".join(names))
