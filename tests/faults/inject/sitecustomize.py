"""Python imports this at its start, if this folder is in PYTHONPATH: the worker of a fault's test gets the hooks of that test."""

import os
import sys

if "worker" in sys.orig_argv and any(name.startswith("FAULTS_") for name in os.environ):
    from tests.faults import hooks

    hooks.install()
