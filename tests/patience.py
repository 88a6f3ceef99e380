"""How long a test waits for what has to come."""

from __future__ import annotations

HANG_S = 60.0  # only ends a wait for what never comes: on no machine does anything here take as long
