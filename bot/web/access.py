"""Who may reach the page and how much of it one network may use: what the operator's settings say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from urllib.parse import urlsplit

from bot.settings import Settings
from bot.web.clients import LOOPBACK, Network, parse_address


@dataclass(frozen=True, slots=True)
class Access:
    """`web_url` is the public address of the page; without it, links use the host of each request."""

    web_url: str | None = None
    hosts: frozenset[str] = frozenset()
    trusted_proxies: Sequence[Network] = LOOPBACK
    metrics_token: str = ""
    open_tunes_per_address: int = 30
    tunes_per_address: int = 240  # in an hour

    @classmethod
    def of(cls, settings: Settings) -> Access:
        return cls(
            web_url=settings.web_url,
            hosts=frozenset(settings.web_hosts.split()),
            trusted_proxies=[ip_network(text) for text in settings.trusted_proxies.split()],
            metrics_token=settings.metrics_token.get_secret_value() if settings.metrics_token else "",
            open_tunes_per_address=settings.open_tunes_per_address,
            tunes_per_address=settings.tunes_per_address,
        )

    @property
    def is_https(self) -> bool:
        return (self.web_url or "").startswith("https:")

    def allows_host(self, host: str) -> bool:
        """Whether the page answers to that name. With `web_url` the page is public, and answers to every name.

        Otherwise the sender of a page elsewhere could let a name of theirs point to this machine, and read what its users see.
        An address that is a number can't be pointed elsewhere.
        """
        if self.web_url:
            return True
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name in self.hosts or parse_address(name) is not None


DEFAULT = Access()
