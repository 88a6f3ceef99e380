"""Requests by command: `/tune` with words or with a form, and the entries in a message's menu."""
