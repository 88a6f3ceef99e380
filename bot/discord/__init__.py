"""Tunesmith in Discord: its commands, wishes in chat and the entries of a message's context menu, the card that shows how far a
tune is, the message that carries it, and its buttons.

Whatever a restart must not lose is in storage; rules that hold on every platform belong in bot.core.
"""
