"""Fuzzing: sends hostile ABC to the reader and, if the reader accepts it, to the renderer. No text may harm more than one tune.

    .venv/bin/python -m tests.benchmarks.fuzz_rendering [COUNT] [--seed N] [--processes N] [--trace]

The texts are attacks that are known to break tools, harmless tunes, and random mutations of both. Each text that the reader
accepts is rendered completely (sheet, MIDI, recording); texts with equal scores are rendered once. Prints JSON: how many texts
the reader refused, the renderer refused or were rendered; crashes of renderer processes; the slowest texts by CPU time of the
process with its programs, and by wall-clock time; the largest process; files left in its folder; and with --trace (Linux,
strace) every file outside the sandbox that a process or its programs opened, created or deleted. Exits with 1 on such a file, a
left file, a crash, an unexpected exception, or a text that took more than LIMIT_S of CPU time.
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
from tests.benchmarks.fuzz_reader import ELEMENTS, MAX_CHARACTERS, TUNES
from tests.generator.rendering.hostile_abc import HOSTILE

LIMIT_S = 5.0
HARMLESS = (  # ordinary tunes, mutated together with the attacks
    "X:1\nT:The Kesh\nR:jig\nM:6/8\nL:1/8\nK:G\n|:G3 GAB|A3 ABd|edd gdd|edB dBA|1 G3 G3:|2 G6|]\n",
    'X:2\nT:Chords\nM:4/4\nL:1/8\nK:Ador\n"Am"~A2cA eAcA|"G"{g}B2GB .d2 (3GAB|"Am"[Ace]2A2 A>Bc<d|!trill!e4- e4|]\n',
    *TUNES,
)
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')
_CALLS = "open,openat,creat,execve,unlink,unlinkat,rename,renameat2,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,truncate"


def texts(count: int, seed: int) -> Iterator[str]:
    """The attacks themselves, then mutations; the same seed gives the same texts."""
    generator = random.Random(seed)
    yield from list(HOSTILE.values())[:count]
    for _ in range(count - len(HOSTILE)):
        text = generator.choice((*HOSTILE.values(), *HARMLESS, *HARMLESS))
        for _ in range(generator.randint(1, 6)):
            text = _mutated(text, generator)
        yield text[:MAX_CHARACTERS]


def _mutated(text: str, generator: random.Random) -> str:
    start, stop = sorted(generator.randint(0, len(text)) for _ in range(2))
    stop = min(stop, start + generator.choice((1, 1, 2, 5, 40)))
    piece = text[start:stop]
    attack = generator.choice(list(HOSTILE.values()))
    replacements = (
        "", piece * 2, piece * generator.choice((2, 9, 90)), piece.swapcase(), generator.choice(ELEMENTS),
        str(generator.randint(0, 10**9)), generator.choice(attack.split("\n")),
        "\n" + generator.choice(attack.split("\n")) + "\n", generator.choice(HARMLESS)[start:stop],
    )  # fmt: skip
    return text[:start] + generator.choice(replacements) + text[stop:]


class Trace:
    """The file operations of a renderer process and its programs, watched by strace; only calls that succeeded."""

    def __init__(self, pid: int, log: Path, folder: str) -> None:
        self.folder, self.log = folder, log
        command = ["strace", "-f", "-qq", "-z", "-s", "400", "-e", f"trace={_CALLS}", "-o", str(log), "-p", str(pid)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        while not log.exists() and self.process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.3)  # until strace is attached

    def outside(self) -> Counter[str]:
        """Calls on files outside the process's folder, except reading of programs, libraries and the sound font."""
        self.process.terminate()
        self.process.wait()
        roots = {str(root) for prefix in (sys.prefix, sys.base_prefix) for root in (prefix, Path(prefix).resolve())}
        package = Path(generator.__file__).parent
        readable = ("/usr/", "/lib", "/bin/", "/etc/ld.so.cache", *(f"{root}/" for root in (package, *roots)))
        found: Counter[str] = Counter()
        for line in self.log.read_text(errors="replace").splitlines():
            call = line.split(None, 1)[-1]
            writes = not call.startswith("execve") and (not call.startswith("open") or re.search(r"O_(WRONLY|RDWR|CREAT)", call))
            for path in _PATH.findall(call)[: 1 if call.startswith("execve") else 2]:
                inside = path.startswith(self.folder) or not path.startswith("/")
                device = path in ("/dev/null", "/dev/urandom")
                if ".." in path or not (inside or device or (not writes and path.startswith(readable))):
                    found[f"{call.split('(')[0]} {path}"] += 1
        return found


@dataclass
class Outcome:
    counts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    slowest: list[tuple[float, float, str]] = field(default_factory=list)  # CPU s, wall-clock s, text
    crashes: list[str] = field(default_factory=list)  # texts
    faults: list[tuple[str, str]] = field(default_factory=list)  # exception, text
    outside: Counter[str] = field(default_factory=Counter)
    leftovers: set[str] = field(default_factory=set)  # names of files
    largest: int = 0  # bytes of a process's memory
    seen: set[Score] = field(default_factory=set)


class Fuzzer:
    """Sends texts to one renderer process."""

    def __init__(self, outcome: Outcome, *, trace: Path | None) -> None:
        self.outcome, self.logs = outcome, trace
        self.renderer = Renderer(soundfont=None)
        self.pid: int | None = None
        self.folder = Path()
        self.trace: Trace | None = None

    async def process(self, text: str, *, retry: bool = True) -> None:
        """Reads and renders one text. If a process ends, tries once more: the machine may have been slow, and not the text."""
        try:
            request = TuneRequest.check(opening=text, mode="play", seed=1)
            score = read_opening(request.opening, mode="play")
        except RequestError as error:
            self.outcome.counts["refused by the reader"] += 1
            if not str(error).endswith("."):
                self.outcome.faults.append((f"no full sentence: {error}", text))
            return
        except Exception as error:
            self.outcome.faults.append((repr(error), text))
            return
        if score in self.outcome.seen and retry:
            self.outcome.counts["repeated score"] += 1
            return
        self.outcome.seen.add(score)
        await self.renderer.start()
        self._watch_process()
        before, started, refusal = self._cpu_s(), time.monotonic(), ""
        try:
            await self.renderer.render(score)
        except RenderingError as error:
            refusal = re.sub(r"[\d,.]*\d|The note \S+", "N", str(error))
        except Exception as error:
            self.outcome.faults.append((repr(error), text))
            return
        elapsed = time.monotonic() - started
        if self.renderer.pid != self.pid and retry:
            await self.process(text, retry=False)
            return
        self.outcome.counts["refused by the renderer" if refusal else "rendered"] += 1
        self.outcome.refusals[refusal] += bool(refusal)
        if self.renderer.pid != self.pid:
            self.outcome.counts["crashes"] += 1
            self.outcome.crashes.append(text)
            print(f"a renderer process ended after {elapsed:.1f} s", repr(text), file=sys.stderr, flush=True)
        else:
            # FluidSynth makes two folders for PulseAudio even if it does not use it.
            self.outcome.leftovers.update(path.name for path in self.folder.iterdir() if not path.name.startswith("pulse"))
            assert self.pid is not None
            self.outcome.largest = max(self.outcome.largest, _peak(self.pid))
            self.outcome.slowest = sorted([*self.outcome.slowest, (self._cpu_s() - before, elapsed, text)], reverse=True)[:5]
        self.outcome.counts["longer than the limit in wall-clock time"] += elapsed > LIMIT_S

    def _watch_process(self) -> None:
        """Notes the process id and folder of the renderer process, if it is a new one."""
        if self.renderer.pid == self.pid:
            return
        self._stop_trace()
        self.pid = self.renderer.pid
        assert self.pid is not None
        self.folder = Path(psutil.Process(self.pid).cmdline()[-1])
        if self.logs:
            self.trace = Trace(self.pid, self.logs / f"{self.pid}.log", str(self.folder))

    def _stop_trace(self) -> None:
        if self.trace:
            self.outcome.outside += self.trace.outside()

    def _cpu_s(self) -> float:
        assert self.pid is not None
        return sum(psutil.Process(self.pid).cpu_times()[:4])

    def close(self) -> None:
        self._stop_trace()
        self.renderer.close()


def _peak(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()) if sys.platform == "linux" else None
    return int(found[1]) << 10 if found else int(psutil.Process(pid).memory_info().rss)


async def run(count: int, seed: int, *, processes: int = 1, trace: bool = False) -> Outcome:
    outcome = Outcome()
    queue = texts(count, seed)
    logs = Path(tempfile.mkdtemp(prefix="fuzz-")) if trace else None
    fuzzers = [Fuzzer(outcome, trace=logs) for _ in range(processes)]

    async def work(fuzzer: Fuzzer) -> None:
        for number, text in enumerate(queue):
            await fuzzer.process(text)
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
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--trace", action="store_true", help="watch the processes' files with strace")
    options = parser.parse_args()
    started = time.monotonic()
    outcome = asyncio.run(run(options.count, options.seed, processes=options.processes, trace=options.trace))
    report = {
        **outcome.counts,
        "minutes": round((time.monotonic() - started) / 60, 1),
        "messages of the renderer's refusals": {message: count for message, count in outcome.refusals.most_common() if count},
        "slowest, CPU s and wall-clock s": [(round(cpu, 2), round(wall, 2), text[:200]) for cpu, wall, text in outcome.slowest],
        "largest process, MB": outcome.largest >> 20,
        "texts that crash a process": [text[:500] for text in outcome.crashes[:20]],
        "files outside the sandbox": dict(outcome.outside.most_common(30)) if options.trace else "not watched",
        "left files": sorted(outcome.leftovers)[:30],
        "faults": len(outcome.faults),
        "examples of faults": [(fault, text[:500]) for fault, text in outcome.faults[:20]],
    }
    print(json.dumps(report, indent=1, ensure_ascii=False))
    too_slow = any(cpu > LIMIT_S for cpu, _, _ in outcome.slowest)
    sys.exit(bool(outcome.faults or outcome.outside or outcome.leftovers or outcome.crashes or too_slow))


if __name__ == "__main__":
    main()
