"""`equipoise run --site` says at once where the page will be and ends with one of all runs."""

from typer.testing import CliRunner

from benchmark.commands import app


def call(tmp_path, toy_task, preset, *methods):
    options = ["run", "--task", toy_task, "--preset", preset, "--no-tracking", "--seeds", "0,1"]
    options += ["--runs", tmp_path / "runs", "--site", tmp_path / "site"]
    options += [word for method in methods for word in ("--method", method)]
    return CliRunner().invoke(app.app, [str(option) for option in options])


def test_the_page_is_announced_and_is_complete_in_the_end(
    toy_task, toy_preset, write_method, tmp_path
):
    result = call(tmp_path, toy_task, toy_preset, "majority_class")
    assert result.exit_code == 0
    index = tmp_path / "site" / "index.html"
    announced, done = f"written after every round: {index}", f"The leaderboard is at {index}"
    assert f"{announced}. The first round has 1 run, and 1 other follows." in result.output
    assert result.output.index(announced) < result.output.index(done)
    assert "still to come" not in index.read_text()
    bad = write_method("bad", "raise RuntimeError('no such lever')")
    result = call(tmp_path, toy_task, toy_preset, "majority_class", bad)
    assert result.exit_code == 1
    assert done in result.output
    assert "still to come" not in index.read_text()


def test_without_a_finished_run_it_says_why_there_is_no_page(
    toy_task, toy_preset, write_method, tmp_path
):
    result = call(
        tmp_path, toy_task, toy_preset, write_method("bad", "raise RuntimeError('no such lever')")
    )
    assert result.exit_code == 1
    assert "The page could not be written: " in result.output
    assert "error.txt" in result.output
