"""The rate limit of replies in channels, so that nobody can make the bot flood one."""

from __future__ import annotations

import time
from collections import deque

from bot.core.recent import Recent

REPLIES, REPLIES_S = 3, 60.0  # to one person
REMEMBERED_PEOPLE = 10_000


class ReplyRateLimit:
    """Limits how many replies one person gets: at most REPLIES in REPLIES_S."""

    def __init__(self) -> None:
        self._replies: Recent[str, deque[float]] = Recent(REMEMBERED_PEOPLE)  # user id → when the latest replies were sent

    def allows(self, user_id: str) -> bool:
        """Whether the person may get a reply now. The reply is counted."""
        now = time.monotonic()
        sent = self._replies[user_id] = self._replies.get(user_id, deque(maxlen=REPLIES))
        if len(sent) == REPLIES and now - sent[0] < REPLIES_S:
            return False
        sent.append(now)
        return True
