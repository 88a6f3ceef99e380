"""A shard: the part of the bot's servers whose events one connection receives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shard:
    number: int = 0  # from 0
    count: int = 1  # of all shards, in all processes

    def has(self, community_id: str) -> bool:
        """Whether Discord sends what happens in the server here. Direct messages belong to the first shard."""
        return (int(community_id or 0) >> 22) % self.count == self.number
