"""`equipoise doctor`."""

from __future__ import annotations

from benchmark.commands.console import report


def doctor() -> None:
    """Check that this machine can run the benchmark, and say what to do if it cannot.

    Example: `equipoise doctor`
    """
    from benchmark.commands.diagnosis import diagnose

    report((f"{one.what}: {one.found}", one.remedy) for one in diagnose())
