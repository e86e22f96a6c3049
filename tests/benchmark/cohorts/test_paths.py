import pytest

from benchmark.cohorts.paths import path_problem


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "cohort" / "images").mkdir(parents=True)
    (tmp_path / "cohort" / "images" / "a.png").touch()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.png").touch()
    (tmp_path / "cohort" / "broken").symlink_to(tmp_path / "nowhere")
    (tmp_path / "cohort" / "away").symlink_to(tmp_path / "outside")
    (tmp_path / "cohort" / "near").symlink_to("images")
    return tmp_path / "cohort"


@pytest.mark.parametrize("text", ["images/a.png", "near/a.png"])
def test_a_file_of_the_folder_is_fine(folder, text):
    assert path_problem(folder, text) == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("images/b.png", "'images/b.png' does not exist"),
        ("images", "'images' does not exist"),
        ("/etc/passwd", "'/etc/passwd' must be relative to the folder, with '/', without '..'"),
        ("images/../a.png", "'images/../a.png' must be relative to the folder, "),
        ("gone/b.png", "its folder 'gone' does not exist"),
        ("images/gone/deep/b.png", "its folder 'images/gone' does not exist"),
        ("images/a.png/b.png", "its folder 'images/a.png' is no folder"),
        ("broken/b.png", "its folder 'broken' is a broken link; make it again, or copy"),
        ("away/a.png", "its folder 'away' is a link out of the folder; copy its files into it"),
    ],
)
def test_what_is_wrong_is_said_of_the_first_folder_that_is_wrong(folder, text, problem):
    assert path_problem(folder, text).startswith(problem)
