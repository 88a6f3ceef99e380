"""Python imports this at its start, if this folder is in PYTHONPATH: Tunesmith's processes get the hooks of a test of a fault."""

import sys

if sys.orig_argv[1:3] == ["-m", "bot"]:
    from tests.faults import hooks

    hooks.install(worker="worker" in sys.orig_argv)
