"""How a tune is laid out: its parts, their length and their repeats."""

from __future__ import annotations

from dataclasses import dataclass

USUAL_BARS = 8  # of a part
FREE_BARS = 4, 16  # fewest and most bars of a part in a free form


@dataclass(frozen=True, slots=True)
class PartForm:
    """One part of a form."""

    bars: int
    twice: bool  # whether it is played twice
    letter: str  # parts with the same letter have the same notes: A, B, A, C


@dataclass(frozen=True, slots=True)
class Form:
    """The parts that a tune may have: those of `parts`, or by default AABB with eight bars a part."""

    bars: int = USUAL_BARS  # of each part that `parts` does not name
    fewest_parts: int = 2
    most_parts: int = 2
    repeated: bool = True  # each part is played twice; only a part that an opening has begun may differ
    free: bool = False  # parts of any length within FREE_BARS, each played once or twice
    parts: tuple[PartForm, ...] = ()

    @classmethod
    def of(cls, parts: tuple[PartForm, ...]) -> Form:
        """The form that has exactly these parts."""
        *_, last = parts
        return cls(last.bars, len(parts), len(parts), last.twice, parts=parts)

    def layout(self) -> list[int]:
        """The bars of each part if the form fixes them; empty if the model chooses."""
        if self.parts:
            return [part.bars for part in self.parts]
        fixed = self.fewest_parts == self.most_parts and not self.free
        return [self.bars] * self.most_parts if fixed else []


FREE = Form(FREE_BARS[1], fewest_parts=2, most_parts=4, free=True)
