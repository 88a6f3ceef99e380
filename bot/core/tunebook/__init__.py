"""A tunebook: many tunes in ABC files, or as a PDF to print."""

from bot.core.tunebook.abc_files import files_of, nothing_for, split

__all__ = ["files_of", "nothing_for", "split"]
