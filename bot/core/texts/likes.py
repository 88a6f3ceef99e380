"""Texts of the like button."""


def like_label(number: int) -> str:
    """The label of the like button, the same in every language. Platforms read the number back from it."""
    return f"♥ {number}"
