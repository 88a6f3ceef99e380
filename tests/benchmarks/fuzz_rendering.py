"""Throws hostile ABC at the desk's reader and, where that takes it, at the renderer: no text may cost more than one tune.

    .venv/bin/python -m tests.benchmarks.fuzz_rendering [COUNT] [--seed N] [--children N] [--trace]

The texts are the attacks of which tools are known to have broken, tunes, and both cut up, doubled, swapped and spliced. Each
that the reader takes is rendered whole: sheet, MIDI, recording; where two texts make the same score, once. Prints JSON: what
was refused by the reader, refused by the renderer and rendered; how often a child died; the slowest text by CPU time of the
child and its programs, and by the clock; the largest child; what a child left in its folder; and with --trace (Linux,
strace) every file outside the walls that a child or a program of its own opened, made or took away. Exits with 1 if there
was any such file, a rest, a child that died, a fault of the parent's own, or a text that took LIMIT_S of CPU time.
"""

import argparse
import asyncio
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

import generator
from generator.notation.opening import read_opening
from generator.notation.score import Score
from generator.rendering.renderer import Renderer
from generator.rendering.result import RenderingError
from generator.request import RequestError, TuneRequest
from tests.benchmarks.fuzz_reader import LONGEST, TUNES, WORDS
from tests.generator.rendering.hostile_abc import HOSTILE

LIMIT_S = 5.0
HARMLESS = (  # tunes that are rendered as they stand, to be mutated with the attacks
    "X:1\nT:The Kesh\nR:jig\nM:6/8\nL:1/8\nK:G\n|:G3 GAB|A3 ABd|edd gdd|edB dBA|1 G3 G3:|2 G6|]\n",
    'X:2\nT:Chords\nM:4/4\nL:1/8\nK:Ador\n"Am"~A2cA eAcA|"G"{g}B2GB .d2 (3GAB|"Am"[Ace]2A2 A>Bc<d|!trill!e4- e4|]\n',
    *TUNES,
)
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')
_CALLS = "open,openat,creat,execve,unlink,unlinkat,rename,renameat2,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,truncate"


def texts(count: int, seed: int) -> Iterator[str]:
    """The same texts for the same seed: the attacks themselves first."""
    chance = random.Random(seed)
    yield from list(HOSTILE.values())[:count]
    for _ in range(count - len(HOSTILE)):
        text = chance.choice((*HOSTILE.values(), *HARMLESS, *HARMLESS))
        for _ in range(chance.randint(1, 6)):
            text = _mutated(text, chance)
        yield text[:LONGEST]


def _mutated(text: str, chance: random.Random) -> str:
    at, to = sorted(chance.randint(0, len(text)) for _ in range(2))
    to = min(to, at + chance.choice((1, 1, 2, 5, 40)))
    piece = text[at:to]
    attack = chance.choice(list(HOSTILE.values()))
    new = (
        "", piece * 2, piece * chance.choice((2, 9, 90)), piece.swapcase(), chance.choice(WORDS), str(chance.randint(0, 10**9)),
        chance.choice(attack.split("\n")), "\n" + chance.choice(attack.split("\n")) + "\n", chance.choice(HARMLESS)[at:to],
    )  # fmt: skip
    return text[:at] + chance.choice(new) + text[to:]


class Trace:
    """What a child and its programs do with files, as strace sees it from outside; only calls that succeeded."""

    def __init__(self, pid: int, log: Path, folder: str) -> None:
        self.folder, self.log = folder, log
        command = ["strace", "-f", "-qq", "-z", "-s", "400", "-e", f"trace={_CALLS}", "-o", str(log), "-p", str(pid)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        while not log.exists() and self.process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.3)  # until it is attached

    def outside(self) -> Counter[str]:
        """Calls on what is neither the child's own nor a program, a library or the font; reading those is all it may do."""
        self.process.terminate()
        self.process.wait()
        readable = ("/usr/", "/lib", "/bin/", "/etc/ld.so.cache", str(Path(generator.__file__).parent) + "/")
        roots = {str(root) for prefix in (sys.prefix, sys.base_prefix) for root in (prefix, Path(prefix).resolve())}
        readable += tuple(f"{root}/" for root in roots)
        found: Counter[str] = Counter()
        for line in self.log.read_text(errors="replace").splitlines():
            call = line.split(None, 1)[-1]
            writes = not call.startswith("execve") and (not call.startswith("open") or re.search(r"O_(WRONLY|RDWR|CREAT)", call))
            for path in _PATH.findall(call)[: 1 if call.startswith("execve") else 2]:
                own = path.startswith(self.folder) or not path.startswith("/")
                device = path in ("/dev/null", "/dev/urandom")
                if ".." in path or not (own or device or (not writes and path.startswith(readable))):
                    found[f"{call.split('(')[0]} {path}"] += 1
        return found


@dataclass
class Outcome:
    counts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    slow: list[tuple[float, float, str]] = field(default_factory=list)  # CPU s, s by the clock, text
    killers: list[str] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    outside: Counter[str] = field(default_factory=Counter)
    rests: set[str] = field(default_factory=set)
    largest: int = 0  # bytes of a child's memory
    seen: set[Score] = field(default_factory=set)


class Fuzzer:
    """One child and the texts that it gets."""

    def __init__(self, outcome: Outcome, *, trace: Path | None) -> None:
        self.outcome, self.logs = outcome, trace
        self.renderer = Renderer(soundfont=None)
        self.pid: int | None = None
        self.folder = Path()
        self.trace: Trace | None = None

    async def take(self, text: str, *, once_more: bool = True) -> None:
        """Reads one text, and renders what it holds; once more where a child died, if the machine was slow and not the text."""
        try:
            request = TuneRequest.check(opening=text, mode="play", seed=1)
            score = read_opening(request.opening, mode="play")
        except RequestError as error:
            self.outcome.counts["refused by the reader"] += 1
            if not str(error).endswith("."):
                self.outcome.faults.append((f"no sentence: {error}", text))
            return
        except Exception as error:
            self.outcome.faults.append((repr(error), text))
            return
        if score in self.outcome.seen and once_more:
            self.outcome.counts["the same score as one before"] += 1
            return
        self.outcome.seen.add(score)
        await self.renderer.start()
        self._meet()
        before, started, refusal = self._cpu_s(), time.monotonic(), ""
        try:
            await self.renderer.render(score)
        except RenderingError as error:
            refusal = re.sub(r"[\d,.]*\d|The note \S+", "N", str(error))
        except Exception as error:
            self.outcome.faults.append((repr(error), text))
            return
        elapsed = time.monotonic() - started
        if self.renderer.pid != self.pid and once_more:
            await self.take(text, once_more=False)
            return
        self.outcome.counts["refused by the renderer" if refusal else "rendered"] += 1
        self.outcome.refusals[refusal] += bool(refusal)
        if self.renderer.pid != self.pid:
            self.outcome.counts["children that died"] += 1
            self.outcome.killers.append(text)
            print(f"a child died after {elapsed:.1f} s", repr(text), file=sys.stderr, flush=True)
        else:
            # FluidSynth keeps two folders for PulseAudio, whether it plays to that or not.
            self.outcome.rests.update(path.name for path in self.folder.iterdir() if not path.name.startswith("pulse"))
            self.outcome.largest = max(self.outcome.largest, _peak(self.pid))
            self.outcome.slow = sorted([*self.outcome.slow, (self._cpu_s() - before, elapsed, text)], reverse=True)[:5]
        self.outcome.counts["longer than the limit by the clock"] += elapsed > LIMIT_S

    def _meet(self) -> None:
        if self.renderer.pid == self.pid:
            return
        self._part()
        self.pid = self.renderer.pid
        assert self.pid is not None
        self.folder = Path(psutil.Process(self.pid).cmdline()[-1])
        if self.logs:
            self.trace = Trace(self.pid, self.logs / f"{self.pid}.log", str(self.folder))

    def _part(self) -> None:
        if self.trace:
            self.outcome.outside += self.trace.outside()

    def _cpu_s(self) -> float:
        assert self.pid is not None
        return sum(psutil.Process(self.pid).cpu_times()[:4])

    def close(self) -> None:
        self._part()
        self.renderer.close()


def _peak(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()) if sys.platform == "linux" else None
    return int(found[1]) << 10 if found else int(psutil.Process(pid).memory_info().rss)


async def run(count: int, seed: int, *, children: int = 1, trace: bool = False) -> Outcome:
    outcome = Outcome()
    waiting = texts(count, seed)
    logs = Path(tempfile.mkdtemp(prefix="fuzz-")) if trace else None
    fuzzers = [Fuzzer(outcome, trace=logs) for _ in range(children)]

    async def work(fuzzer: Fuzzer) -> None:
        for number, text in enumerate(waiting):
            await fuzzer.take(text)
            if number % 500 == 499:
                print(dict(outcome.counts), file=sys.stderr, flush=True)
        fuzzer.close()

    try:
        await asyncio.gather(*map(work, fuzzers))
    finally:
        for fuzzer in fuzzers:
            fuzzer.renderer.close()
        if logs:
            shutil.rmtree(logs, ignore_errors=True)
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--children", type=int, default=1)
    parser.add_argument("--trace", action="store_true", help="watch the children's files with strace")
    options = parser.parse_args()
    started = time.monotonic()
    outcome = asyncio.run(run(options.count, options.seed, children=options.children, trace=options.trace))
    report = {
        **outcome.counts,
        "minutes": round((time.monotonic() - started) / 60, 1),
        "the renderer's refusals": {sentence: count for sentence, count in outcome.refusals.most_common() if count},
        "slowest, CPU s and s by the clock": [(round(cpu, 2), round(s, 2), text[:200]) for cpu, s, text in outcome.slow],
        "largest child in MB": outcome.largest >> 20,
        "texts that ended a child": [text[:500] for text in outcome.killers[:20]],
        "outside": dict(outcome.outside.most_common(30)) if options.trace else "not watched",
        "left in its folder": sorted(outcome.rests)[:30],
        "faults": len(outcome.faults),
        "examples": [(what, text[:500]) for what, text in outcome.faults[:20]],
    }
    print(json.dumps(report, indent=1, ensure_ascii=False))
    too_slow = any(cpu > LIMIT_S for cpu, _, _ in outcome.slow)
    sys.exit(bool(outcome.faults or outcome.outside or outcome.rests or outcome.killers or too_slow))


if __name__ == "__main__":
    main()
