"""`equipoise judge`: the card in words, and what is refused before any work."""

from typer.testing import CliRunner

from benchmark.commands.app import app


def asked(*words):
    return CliRunner().invoke(app, ["judge", *words])


def test_the_card_of_a_judge_is_said():
    said = asked("show", "brain_mr_sex").output
    assert "of brain_mr_sex, version" in said and "equipoise judge build brain_mr_sex" in said
    assert "new patients: train 24,000" in said
    assert "label=female: label" in said and "Dice of masks: cerebrospinal fluid 0." in said


def test_a_task_without_a_judge_is_told_how_to_make_one(toy_task):
    problem = str(asked("show", toy_task).exception)
    assert "has no official judge. Make one: equipoise judge build" in problem


def test_a_task_that_names_no_folder_needs_one(toy_task):
    assert "Give one: --out FOLDER" in str(asked("build", toy_task).exception)
