"""Requests by command: `/tune`, `/render`, and the entries in a message's context menu."""
