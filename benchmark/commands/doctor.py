"""`equipoise doctor`."""

from __future__ import annotations

from benchmark.commands.console import report


def doctor() -> None:
    """Look whether this machine is fit to run, and say what to do if not.

    Example: `equipoise doctor`
    """
    from benchmark.commands.diagnosis import diagnose

    report((f"{one.what}: {one.found}", one.remedy) for one in diagnose())
