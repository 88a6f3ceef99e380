"""English texts of the requests that the app suggests in its direct messages."""

from generator.user_messages import UserMessage

# Title of a button, and the message that it sends. The rules of chat must understand each in every language.
PROMPTS = (
    (UserMessage("A lively reel"), UserMessage("A lively reel in A dorian, please")),
    (UserMessage("A slow jig"), UserMessage("A slow jig in G minor, please")),
    (UserMessage("A hornpipe on the flute"), UserMessage("A hornpipe in D on the flute, please")),
    (UserMessage("Surprise me"), UserMessage("Surprise me with a tune")),
)
PROMPTS_TITLE = UserMessage("What shall I play?")
