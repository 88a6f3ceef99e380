"""The time limit for waits in tests."""

from __future__ import annotations

HANG_S = 120.0  # far longer than any step takes even on a busy machine: reaching it means that the step hangs
