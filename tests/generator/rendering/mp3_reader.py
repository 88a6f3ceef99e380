"""Reads the ID3 tag and the frame headers of an MP3 file (MPEG-1 Layer III), from which its duration follows."""

from typing import NamedTuple

_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES = (44_100, 48_000, 32_000)


class Frame(NamedTuple):
    kbps: int
    rate: int
    channels: int


def frames(data: bytes) -> list[Frame]:
    """All frames after the tag. Raises ValueError at a byte that should begin a frame and does not."""
    found, position = [], _tag_size(data)
    while position < len(data):
        head = int.from_bytes(data[position : position + 4], "big")
        if head >> 17 != 0xFFFB >> 1:
            raise ValueError(f"no frame at byte {position}")
        kbps, rate = _KBPS[head >> 12 & 15], _RATES[head >> 10 & 3]
        found.append(Frame(kbps, rate, 1 if head >> 6 & 3 == 3 else 2))
        position += 144_000 * kbps // rate + (head >> 9 & 1)
    return found


def tags(data: bytes) -> dict[str, str]:
    """Frame name → text of an ID3 tag of version 2.3 in UTF-16."""
    assert data[:5] == b"ID3\3\0"
    found, position = {}, 10
    while position < _tag_size(data):
        size = int.from_bytes(data[position + 4 : position + 8], "big")
        found[data[position : position + 4].decode()] = data[position + 10 : position + 10 + size]
        position += 10 + size
    assert position == _tag_size(data)
    # A comment has a language and a description before its text.
    return {name: (body[8:] if name == "COMM" else body[1:]).decode("utf-16") for name, body in found.items()}


def _tag_size(data: bytes) -> int:
    if data[:3] != b"ID3":
        return 0
    return 10 + sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
