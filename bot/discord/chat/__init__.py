"""Requests in messages: mentions, direct messages and replies to the bot."""
