"""Feeds random texts to the reader: it must read or refuse each with a NotationError, and quickly.

    .venv/bin/python -m tests.benchmarks.fuzz_reader [COUNT] [--seed N]

The texts are tunes with pieces cut out, doubled, swapped and overwritten; random sequences of ABC elements; excessive
numbers, brackets and fields; and random characters. Prints JSON: the number of texts read and refused, the slowest text by
CPU time (the best of four readings, if the first took longer than LIMIT_S), and the faults. Exits with 1 if there is a fault
or a text took longer than LIMIT_S.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from generator.notation.errors import NotationError
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.writer import write
from tests.generator.notation.played_notes import played_notes

LIMIT_S = 0.05
MAX_CHARACTERS = 4_000  # as in a Discord message

TUNES = (
    'X:7\nT:The Paper Kettle\nR:jig\nQ:3/8=112\nM:6/8\nL:1/8\nK:Edor\nE|:"Em"~B2A (3Bcd {c}B>A|G<E.F [Ge]2z-|1 D3-D2E:|2 D6|]\n',
    "X:1\nT:Wet Boots\nP:A(AB)2\nM:4/4\nL:1/8\nK:Ador\nP:A\nE2|:A2cA eAcA|[1,3 B2GB d2E2:|[2 B2GB d4||\nP:B\n"
    "|:a2ea !trill!a2ea|uv^gf(=gf) [K:D]a4::Z2|[M:3/4]z2 x2 y D2|[1-2 (5:4:5ABcde A2:|3 (7abcdefga :|]\n",
    'X:2\nT:Damp Turf\nC:nobody\nM:C|\nK:D clef=treble\n%%MIDI program 73\n"A"A>>B c<<<d|[V:2]x8|[V:1]ABcd & F8|efga\\\n'
    "w: words and_ more\nb8-|b8|] % the end\n",
    'X:3\nT:Two\nT:Voices\nQ:"Slow"\nM:C|\nK:D octave=-1\n%%begintext\nA B | c\n%%endtext\nV:1\nA4 ^/B4|x8|\n'
    "w:mer-ry_ | *\n+:men\n"
    "w:~two 2.\nV:2 bass transpose=-12\n[DF]8|=c8|\nw: low\nW:After\n",
    "M:9/8\nK:G exp _b ^f\nGAB c2d e3|[L:1/16](9gfgfgfgfg (6ABcABc|\n[I:x]a'b,,/2c3/4d//e|:f9:|g9||:a9::b9|]",
)
ELEMENTS = [
    "A", "B", "C", "D", "E", "F", "G", "a", "b", "c", "d", "e", "f", "g", "z", "x", "Z", "X", "y", "&", '"', "!", "+", "~",
    ".", "u", "v", "T", "H", "k", "$", "*", "`", "\\", "%", "-", " ", "\n", "^", "_", "=", "^^", "__", "'", ",", "/", "//",
    "/2", "3/2", "2", "3", "16", "64", "999", "<", ">", "<<", ">>>", "(", ")", "(3", "(2", "(5", "(9:8:9", "(3::2", "(9:1:9",
    "[", "]", "[CE]", "{", "}", "{ab}", "|", "||", "|]", "[|", "|:", ":|", "::", ":|:", ":||:", "|1", ":|2", "[1", "[1,3",
    "[1-9", "|:::", ":::|", ".|", "[K:D]", "[M:6/8]", "[M:none]", "[L:1/4]", "[P:A]", "[V:2]", "[V:1]", "[2 ", "[K:Am ^g]",
    "[Q:1/4=90]", "[I:x]", '"Am"', "!roll!", "+trill+", "\n\n", "\r\n", "%%x", "\nK:G\n", "\nM:2/4\n", "\nP:B\n",
    "\nL:1/16\n", "\nV:2\n", "\nw:la la\n", "\nX:2\n", "\nw:a_b-c|*~ \\-\n", "\nW:words\n", "\nV:3 clef=alto octave=1\n",
    "[K:bass]", "^/", "_3/4", "\n%%begintext\n", "\n%%endtext\n",
]  # fmt: skip
FIELDS = ("X:", "T:", "M:", "L:", "K:", "Q:", "P:", "V:", "R:", "w:", "I:", "U:", "m:", "+:", "%%", "Z:", "s:")
TRAPS = [
    *"019:|[](){}<>/',^=-.ZAz!+\"&\\~% \n",
    *"Z64| A9| [1 (9 (A A) P:A K:D".split(),  # noqa: SIM905
    *"M:1/4 [P:A] [V:2] A:| |1A :|2A (A)9 A9".split(),  # noqa: SIM905
]


def texts(count: int, seed: int) -> Iterator[str]:
    """The same texts for the same seed."""
    chance = random.Random(seed)
    makers = (_mutated, _mutated, _mutated, _music, _music, _trap, _fields, _characters)
    for _ in range(count):
        yield chance.choice(makers)(chance)[:MAX_CHARACTERS]


def _mutated(chance: random.Random) -> str:
    text = chance.choice(TUNES)
    for _ in range(chance.randint(1, 12)):
        at, to = sorted(chance.randint(0, len(text)) for _ in range(2))
        to = min(to, at + chance.choice((1, 1, 2, 5, 40)))
        piece = text[at:to]
        others = chance.choice(ELEMENTS), chr(chance.randint(1, 300)), chance.choice(TUNES)[at:to]
        new = chance.choice(("", piece * 2, piece[::-1], piece.swapcase(), *others))
        text = text[:at] + new + text[to:]
    return text


def _music(chance: random.Random) -> str:
    head = chance.choice(("K:C\n", "M:6/8\nK:D\n", "X:1\nM:4/4\nL:1/8\nK:Ador\n", ""))
    return head + "".join(chance.choices(ELEMENTS, k=chance.randint(1, 300)))


def _trap(chance: random.Random) -> str:
    """A few elements, each repeated up to 3,000 times."""
    body = "".join(chance.choice(TRAPS) * chance.choice((3, 30, 300, 3000)) for _ in range(chance.randint(1, 4)))
    before = chance.choice(("K:C\nA", "X:1\nK:C\n", "M:3/4\nK:G\nAB|", "X:1\nP:", "", "K:", "M:", "Q:"))
    return before + body + chance.choice(("", "A|", ":|A"))


def _fields(chance: random.Random) -> str:
    lines = []
    for _ in range(chance.randint(1, 12)):
        value = "".join(chance.choices('ABCDEFGabcdefg0123456789/=|:()+-^_,. HPpnoex\\"%&', k=chance.choice((0, 1, 3, 8, 60))))
        lines.append(chance.choice(FIELDS) + chance.choice((value, value * 20, "D", "6/8", "1/8", "1/4=100", "AABB")))
    return "\n".join([*lines, "K:D", "ABc|" + chance.choice(("", "[" + lines[0] + "]B|"))])


def _characters(chance: random.Random) -> str:
    sets = ((0, 0x7F), (0, 0x2FF), (0x600, 0x6FF), (0x2000, 0x20FF), (0x1D100, 0x1D1FF), (0xFF00, 0xFFEF))
    low, high = chance.choice(sets)
    return chance.choice(("", "K:C\n", "K:")) + "".join(chr(chance.randint(low, high)) for _ in range(chance.randint(0, 200)))


@dataclass
class Outcome:
    counts: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    slowest: str = ""
    faults: list[tuple[str, str]] = field(default_factory=list)  # (what went wrong, text)

    def add(self, text: str) -> None:
        """Reads a text; if it is a tune, also writes it and reads it back."""
        started = time.process_time()
        try:
            score = read(text, all_voices=True)
            self.counts["read"] += 1
        except NotationError as error:
            score = None
            self.counts["refused"] += 1
            if not error.reason.endswith(".") or error.line is None or error.column is None:
                self.faults.append((f"an error without position or full stop: {error!r}", text))
        except Exception as error:
            score = None
            self.faults.append((repr(error), text))
        spent = time.process_time() - started
        if spent > LIMIT_S:
            spent = min(spent, *(_reading_s(text) for _ in range(3)))  # perhaps the machine was slow, not the text
        if spent > self.slowest_s:
            self.slowest_s, self.slowest = spent, text
        if spent > LIMIT_S:
            self.counts["slow"] += 1
        if score is not None:
            self._write_and_read_back(text, score)

    def _write_and_read_back(self, text: str, score: Score) -> None:
        try:
            again = read(write(score), all_voices=True)
            same = (again.bars, again.voices, again.staff) == (score.bars, score.voices, score.staff)
            if not same or played_notes(again) != played_notes(score):
                self.faults.append(("the written tune reads back differently", text))
        except Exception as error:
            self.faults.append((f"after writing: {error!r}", text))


def _reading_s(text: str) -> float:
    started = time.process_time()
    with suppress(Exception):
        read(text, all_voices=True)
    return time.process_time() - started


def run(count: int, seed: int) -> Outcome:
    outcome = Outcome()
    for text in texts(count, seed):
        outcome.add(text)
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    outcome = run(options.count, options.seed)
    report = {
        **outcome.counts,
        "slowest in ms": round(outcome.slowest_s * 1000, 1),
        "slowest text": outcome.slowest[:200],
        "faults": len(outcome.faults),
        "examples": [(what, text[:300]) for what, text in outcome.faults[:20]],
    }
    print(json.dumps(report, indent=1, ensure_ascii=False))
    sys.exit(bool(outcome.faults or outcome.counts["slow"]))


if __name__ == "__main__":
    main()
