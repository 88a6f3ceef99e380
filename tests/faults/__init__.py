"""Faults: what breaks under Tunesmith, and what it promises then. docs/reliability.md has the table.

The fast part is `test_*.py`, in the suite. The long part is `python -m tests.faults`: functions marked with
`tests.faults.report.fault` in any module of this folder, for example

    @fault("disk-full", promise="no tune fails; /health says so", limit_s=600)
    async def disk_full(report: Report) -> None:
        tunesmith = Tunesmith(report.folder, discord.environment)      # report.folder is empty, and removed afterwards
        ...
        report.figure("finished", f"{len(finished)} of {len(requested)}")
        report.check(len(finished) == len(requested), "a tune was lost")

A new module is found by itself. `report.check` notes a broken promise and continues; an exception is a broken promise too.
"""
