"""Reads the headers of MPEG-1 Layer III frames: enough to know how long a recording is."""

from typing import NamedTuple

_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES = (44_100, 48_000, 32_000)


class Frame(NamedTuple):
    kbps: int
    rate: int
    channels: int


def frames(data: bytes) -> list[Frame]:
    """Every frame, one after another to the end; raises ValueError where one does not begin with its sign."""
    found, at = [], 0
    while at < len(data):
        head = int.from_bytes(data[at : at + 4], "big")
        if head >> 17 != 0xFFFB >> 1:
            raise ValueError(f"no frame at byte {at}")
        kbps, rate = _KBPS[head >> 12 & 15], _RATES[head >> 10 & 3]
        found.append(Frame(kbps, rate, 1 if head >> 6 & 3 == 3 else 2))
        at += 144_000 * kbps // rate + (head >> 9 & 1)
    return found
