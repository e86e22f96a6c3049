"""`equipoise check`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmark.commands.console import SetOption, report, tell


def check(
    name: Annotated[str, typer.Argument(help="A method's file, or its name.")],
    settings: SetOption = None,
) -> None:
    """Try a method on toy tasks in under a minute and say in plain words what to mend.

    Toy patients have a site and no sex: methods that aim at a mix are tried with `target`
    "uniform" and `aligns` empty. Examples:

    - `equipoise check my_method.py`
    - `equipoise check my_method.py --set my_method.strength=0.5`
    """
    from benchmark.conformance.place import HOLDS_ONE, place_problem

    if problem := place_problem(name):
        report([(HOLDS_ONE, problem)])  # before torch is imported
    from benchmark.conformance.check import check_method
    from benchmark.planning.expand_runs import read_fields

    fields = read_fields(settings or [], [name]).popitem()[1] if settings else {}
    report((one.what, one.advice) for one in check_method(name, fields))
    tell(f"\n{name} keeps the contract. Next: equipoise run --method {name} --method erm")
