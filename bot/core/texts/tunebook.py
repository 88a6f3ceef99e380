"""English texts of a tunebook to print."""

from generator.user_messages import UserMessage

TUNEBOOK = UserMessage("Tunebook")
TO_PRINT = UserMessage("The same tunes to print:")
CONTENTS = UserMessage("Contents")
RECORDING = UserMessage("Recording")
SHARED = UserMessage("Shared tunes")
OWN = UserMessage("My tunes")


def tunes(n: int) -> UserMessage:
    return UserMessage("{n} tune", "{n} tunes", n=n)
