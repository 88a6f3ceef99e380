"""Who sends a request: the network that limits count, behind proxies that are trusted, and whether it came over TLS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from aiohttp import web

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

LOOPBACK: Sequence[Network] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
SITE_BITS = 64  # of an IPv6 address: who has one address has all of its /64

_WITH_PORT = re.compile(r"\[([0-9a-fA-F:.]+)\](?::\d+)?|([0-9.]+):\d+")  # some proxies add the port


def parse_address(text: str) -> Address | None:
    """An address, perhaps with a port; None if it is none."""
    text = text.strip()
    if match := _WITH_PORT.fullmatch(text):
        text = match[1] or match[2]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def network_of(address: Address) -> str:
    """What limits count as one: an IPv4 address, or the /64 of an IPv6 address."""
    return str(ip_network((address, SITE_BITS), strict=False)) if isinstance(address, IPv6Address) else str(address)


def is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


class Clients:
    """Reads what proxies say about a request. Only those in the `trusted` networks are believed."""

    def __init__(self, trusted: Sequence[Network] = LOOPBACK, *, always_secure: bool = False) -> None:
        self.trusted, self._always_secure = trusted, always_secure

    def address(self, request: web.BaseRequest) -> Address:
        """The address nearest to the server that is not a trusted proxy's: what is left of it, anybody can write."""
        peer = address = parse_address(request.remote or "") or ip_address("127.0.0.1")
        hops = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",") if is_in(peer, self.trusted) else []
        for hop in reversed(hops):
            if (named := parse_address(hop)) is None:
                break
            address = named
            if not is_in(address, self.trusted):
                break
        return address

    def network(self, request: web.BaseRequest) -> str:
        return network_of(self.address(request))

    def is_secure(self, request: web.BaseRequest) -> bool:
        """Whether the visitor's browser sent the request over TLS."""
        if self._always_secure or request.secure:
            return True
        peer = parse_address(request.remote or "")
        forwarded = request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip().lower()
        return forwarded == "https" and peer is not None and is_in(peer, self.trusted)
