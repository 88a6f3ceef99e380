"""What the processor can do, and which of its instructions compiled code uses.

ONEDNN_MAX_CPU_ISA, with which other libraries are limited to older instructions, limits compiled code too: a developer sees
what the composer does on an older processor, and compares like with like.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import llvmlite.binding
import numba

# Values of ONEDNN_MAX_CPU_ISA → LLVM's name of a processor, and which of the features that `instructions` asks for it has.
_LEVELS = {
    "SSE41": ("x86-64-v2", frozenset[str]()),
    "AVX": ("x86-64-v2", frozenset[str]()),
    "AVX2": ("x86-64-v3", frozenset({"avx2"})),
    "AVX2_VNNI": ("x86-64-v3", frozenset({"avx2", "avxvnni"})),
    "AVX512_CORE": ("x86-64-v4", frozenset({"avx2", "avx512bw"})),
}
_SHOWN = ("sse4.1", "avx2", "avxvnni", "avx512bw", "avx512vnni", "avx512bf16", "amx-int8", "neon", "dotprod", "i8mm")


@dataclass(frozen=True, slots=True)
class Processor:
    """What code is compiled for."""

    name: str  # LLVM's
    features: frozenset[str]  # LLVM's names
    limited: bool  # whether ONEDNN_MAX_CPU_ISA forbids some of the features that the processor has

    @property
    def instruction_sets(self) -> str:
        """Those that matter for speed, as text."""
        return ", ".join(name for name in _SHOWN if name in self.features) or "none"


def _host() -> frozenset[str]:
    if llvmlite.binding.get_host_cpu_name().startswith("apple-m"):  # LLVM may not tell the features there
        return frozenset({"neon", "dotprod"})
    try:
        return frozenset(name for name, there in llvmlite.binding.get_host_cpu_features().items() if there)
    except RuntimeError:  # LLVM cannot tell on this system
        return frozenset()


def _processor() -> Processor:
    """Also tells numba what to compile for."""
    host = _host()
    level = _LEVELS.get(os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper())
    if level and level[1] < host:
        name, features = level
        numba.config.CPU_NAME, numba.config.CPU_FEATURES = name, ",".join(f"+{feature}" for feature in sorted(features))
        return Processor(name, features, limited=True)
    return Processor(llvmlite.binding.get_host_cpu_name(), host, limited=False)


PROCESSOR = _processor()
