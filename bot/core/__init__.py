"""What all platforms share: submit a request, derive one from a tune, follow its progress, share, like, delete.

Everything here is independent of Discord, Slack and the web.
"""
