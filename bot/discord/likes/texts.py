"""English text of the like button."""


def like_label(number: int) -> str:
    """The label of the like button, the same in every language. `bot.discord.likes.like_button` reads the number back from it."""
    return f"♥ {number}"
