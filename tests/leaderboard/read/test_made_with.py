"""Rows that were made with something else than the row they are compared with say what."""

from leaderboard.read.boards import collect
from leaderboard.read.made_with import differences


def config(fake, **changes):
    from benchmark.records.config import RunConfig

    values = fake.config(fake.BRAIN, fake.METHODS[0], 0)
    values["environment"] |= changes.pop("environment", {})
    return RunConfig.model_validate(values | changes, strict=False)


def test_other_versions_and_other_code_are_named(fake):
    plain = [config(fake)]
    other = [config(fake, engine="f" * 16, environment={"torch": "2.14.0", "pandas": "9"})]
    assert differences(other, plain) == (
        "engine ffffff instead of e1e1",
        "torch 2.14.0 instead of 2.15.0",
    )
    assert differences(plain, plain) == ()


def test_a_row_whose_own_runs_differ_is_named_the_reference_too(fake):
    mixed = [config(fake), config(fake, environment={"device": "cuda"})]
    assert differences(mixed, mixed) == ("device cpu and cuda in runs of one row",)
    assert differences([config(fake)], mixed) == ("device cpu instead of cpu and cuda",)


def test_a_row_without_finished_runs_is_not_compared(fake):
    assert differences([], [config(fake)]) == ()


def test_rows_of_a_board_are_compared_with_plain_training(fake, tmp_path):
    for method, torch in ((fake.METHODS[0], "2.15.0"), (fake.METHODS[1], "2.14.0")):
        values = fake.config(fake.BRAIN, method, 0)
        changes = {"environment": values["environment"] | {"torch": torch}}
        fake.write_run(tmp_path, fake.BRAIN, method, 0, changes=changes)
    (board,) = collect(tmp_path).boards
    found = {row.name: row.differs for row in board.rows}
    assert found == {"erm": (), "group_resampling": ("torch 2.14.0 instead of 2.15.0",)}
