"""How a tune is laid out: its parts, their length and their repeats."""

from __future__ import annotations

from dataclasses import dataclass

FREE_BARS = 4, 16  # fewest and most bars of a part in a free form


@dataclass(frozen=True, slots=True)
class Form:
    """The parts that a tune may have. The default is that of most dances: AABB, eight bars a part."""

    bars: int = 8  # of each part
    fewest_parts: int = 2
    most_parts: int = 2  # of the dance tunes in the corpus 64 % are AABB, 4 % have a third part
    repeated: bool = True  # each part is played twice; only a part that an opening has begun may differ
    free: bool = False  # parts of any length within FREE_BARS, each played once or twice

    def layout(self) -> list[int]:
        """The bars of each part if the form fixes them; empty if the model chooses."""
        fixed = self.fewest_parts == self.most_parts and not self.free
        return [self.bars] * self.most_parts if fixed else []


FREE = Form(FREE_BARS[1], fewest_parts=2, most_parts=4, free=True)
