"""Requests in messages: mentions, direct messages, and replies in the threads of our tunes."""
