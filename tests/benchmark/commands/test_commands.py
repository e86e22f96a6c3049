import subprocess
import sys

import pytest
from typer.testing import CliRunner

from benchmark.commands import app
from benchmark.commands.console import plain_errors
from benchmark.commands.description import field_comments
from benchmark.commands.methods import runs_by_default
from benchmark.commands.reference import commands
from benchmark.discovery import find
from benchmark.presets.load import load_preset
from benchmark.records.run_folder import find_runs


def call(*arguments):
    """Call the command line in this process; errors become what main() would print."""
    result = CliRunner().invoke(app.app, [str(a) for a in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def run_options(toy_task, toy_preset, tmp_path):
    return ["--task", toy_task, "--preset", toy_preset, "--runs", tmp_path / "runs"]


HOUSE = ["--config", 'lint.isort.known-first-party = ["benchmark"]']
COMMANDS = ["tasks", "methods", "describe", "check", "new", "run", "score", "leaderboard", "doctor"]


@pytest.mark.parametrize("command", [*COMMANDS, "cohort export", "cohort preview"])
def test_every_command_explains_itself_with_an_example(command):
    words = call(*command.split(), "--help").output
    assert f"equipoise {command}" in " ".join(words.split())


@pytest.mark.parametrize("command", ["", "leaderboard", "cohort", "cohort preview"])
def test_help_shows_no_flag_as_if_it_took_a_value(command):
    words = call(*command.split(), "--help").output
    assert "--help" in words
    assert "<bool>" not in words


@pytest.mark.parametrize("command", ["check", "run"])
def test_set_is_explained_alike_wherever_it_is_an_option(command):
    words = call(command, "--help").output
    assert "METHOD.FIELD=VALUE" in words
    assert "repeatable" in words[words.index("METHOD.FIELD=VALUE") :]


def test_every_option_and_argument_has_a_description():
    bare = [
        f"{words} {parameter.name}"
        for words, command in commands()
        for parameter in command.params
        if not parameter.help
    ]
    assert not bare


def test_methods_that_run_only_if_named_are_told_from_their_mark():
    found = find.find_methods()
    unnamed = [name for name, one in found.items() if not runs_by_default(one)]
    assert unnamed == ["groups_in_prompt"]
    assert "if named" in call("methods").output


def test_tasks_and_methods_are_listed():
    assert "cmr_heart_failure" in call("tasks").output
    assert "group_dro" in call("methods").output


def test_what_a_method_must_beat_is_listed_and_described():
    words = " ".join(call("methods").output.split())
    assert "erm, base_generator, rebalanced_base" in words.replace("│ ", "")
    assert "must beat: erm, duplicate_real" in call("describe", "controlnet_synthesis").output
    assert "must beat: nobody" in call("describe", "erm").output


def test_describe_tells_hyperparameters_and_the_paper():
    words = call("describe", "group_dro").output
    assert "--set group_dro.step_size=0.05" in words
    assert "Sagawa" in words


def test_describe_says_what_a_field_is_for():
    words = call("describe", "alignment_finetuning").output
    assert "of the adapter" in words  # behind rank
    source = "class A:\n    # of a\n    # batch\n    one: int = 1\n    two: str = 'x'  # words\n"
    assert field_comments(source) == {"one": "of a batch", "two": "words"}


def test_describe_of_an_unknown_name_lists_all_that_can_be_described():
    with pytest.raises(LookupError, match=r"Did you mean 'quick'.*tasks: brain_mr_sex.*methods: "):
        call("describe", "quik")


def test_describe_of_a_preset_is_a_preset_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(call("describe", "quick").output)
    assert load_preset(str(path)).source == load_preset("quick").source


def test_describe_tells_the_card_the_cohort_and_the_knobs_of_a_task():
    words = " ".join(call("describe", "cmr_heart_failure").output.split())
    assert "sex: female 0.541, male 0.459" in words
    assert "Drawn hearts, not patients." in words
    assert "--knob women=0.541 (0.01 to 0.99) Share of women in train and val." in words


def test_a_dry_run_prints_the_plan_and_does_nothing(run_options, tmp_path):
    words = call("run", *run_options, "--method", "erm", "--dry-run").output
    assert "1 run, 1 to do" in words
    assert not (tmp_path / "runs").exists()


def test_the_plan_says_which_rows_to_beat_are_missing(run_options):
    words = call("run", *run_options, "--method", "group_dro", "--dry-run").output
    assert "group_dro must beat erm, which is neither in this plan" in words
    both = ["--method", "erm", "--method", "group_dro"]
    assert "must beat" not in call("run", *run_options, *both, "--dry-run").output


def test_a_plan_that_tries_a_setting_says_that_it_takes_development_seeds(run_options):
    plan = ["run", *run_options, "--method", "group_dro", "--dry-run"]
    tried = call(*plan, "--set", "group_dro.step_size=0.5").output
    assert "Development seed 100, because --set tries group_dro.step_size=0.5" in tried
    assert "Development seed" not in call(*plan).output
    assert "Development seed 100: choose settings" in call(*plan, "--development").output


def test_methods_can_be_left_out_of_the_default(run_options):
    words = call("run", *run_options, "--without", "erm", "--dry-run").output
    assert "group_dro" in words
    assert "erm " not in words
    with pytest.raises(LookupError, match="Did you mean 'erm'"):
        call("run", *run_options, "--without", "ermm", "--dry-run")


def test_what_cannot_run_without_a_generator_is_named(run_options):
    words = " ".join(call("run", *run_options, "--dry-run").output.split())
    assert (
        "Left out, because a [generator] in the preset is missing: alignment_finetuning, " in words
    )
    words = call("run", "--preset", "paper", "--seeds", "0", "--dry-run").output
    assert "Left out, because --checkpoint is missing: alignment_finetuning" in words


def test_run_score_and_leaderboard(run_options, tmp_path):
    runs = tmp_path / "runs"
    call("run", *run_options, "--method", "majority_class", "--no-tracking")
    before = find_runs(runs)[0].result
    assert "scored 1 run in" in call("score", "--runs", runs).output
    assert find_runs(runs)[0].result == before
    call("leaderboard", "--runs", runs, "--out", tmp_path / "site")
    (board,) = (tmp_path / "site" / "boards").glob("*.html")
    assert "majority_class" in board.read_text()


def test_set_reaches_the_method(run_options, tmp_path):
    options = ["--method", "group_dro", "--set", "group_dro.step_size=0.5", "--no-tracking"]
    call("run", *run_options, *options)
    (record,) = find_runs(tmp_path / "runs")
    assert record.config.method.fields["step_size"] == 0.5


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--method", "group_dr0"], "Did you mean 'group_dro'"),
        (["--method", "ermm", "--method", "group_dr0"], "(?s)'ermm'.*'group_dr0'"),
        (["--method", "erm", "--set", "a=1", "--set", "b=2"], "(?s)--set a=1.*--set b=2"),
        (["--method", "erm", "--seeds", "one"], "--seeds is 'one'; give whole numbers"),
        (["--method", "erm", "--set", "lr=1"], "write METHOD.FIELD=VALUE"),
        (["--method", "erm", "--set", "emr.lr=1"], "Did you mean 'erm'?"),
        (["--method", "group_dro", "--set", "group_dro.limit=0"], "allowed: 1 or more"),
        (["--method", "group_dro", "--set", "group_dro.limit=inf"], "allowed: 1 or more"),
        (["--method", "erm", "--knob", "severity=9"], "severity is 9; allowed: 0 to 1.5"),
        (["--method", "erm", "--cohort", "/nowhere"], "has no participants.tsv"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(options, complaint, run_options):
    with pytest.raises((ValueError, LookupError), match=complaint):
        call("run", *run_options, *options)


@pytest.mark.parametrize("same", [True, False])
def test_rows_that_aim_at_other_mixes_are_told_in_the_plan(same, tmp_path):
    rows = ["alignment_finetuning", "base_generator"]
    told = rows if same else rows[:1]
    options = [word for row in rows for word in ("--method", row)]
    options += [w for row in told for w in ("--set", f"{row}.target=population")]
    options += ["--set", "base_generator.aligns=sex"]  # what it is anyway
    plan = ["--task", "cmr_heart_failure", "--runs", tmp_path, "--dry-run", *options]
    written = call("run", *plan).output
    assert ("different target mixes" in written) is not same
    one = "alignment_finetuning, base_generator: target mix female 54.1%, male 45.9%."
    assert (one in written) is same


def test_a_file_in_this_folder_is_to_be_given_by_its_path(tmp_path, monkeypatch, run_options):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("")
    with pytest.raises(LookupError, match=r"by its path: give --method mine\.py"):
        call("run", *run_options, "--method", "mine")
    checked = " ".join(call("check", "mine").output.split())
    assert "by its path: give mine.py" in checked
    assert "--method mine" not in checked


def test_a_misspelt_path_leads_to_the_file_beside_it(tmp_path):
    (tmp_path / "soft_cells.py").write_text("")
    words = call("check", tmp_path / "soft_cels.py").output
    assert f"Did you mean {tmp_path / 'soft_cells.py'}?" in words


def test_own_patients_are_checked_before_the_plan(tmp_path):
    (tmp_path / "participants.tsv").write_text("patient_id\tlabel\n1\till\n")
    with pytest.raises(ValueError, match="has no column 'sex'"):
        call("run", "--task", "cmr_heart_failure", "--cohort", tmp_path, "--dry-run")


def test_a_full_folder_is_refused_before_any_work(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").touch()
    command = ["cohort", "export", "brain_mr_sex", "--out", str(tmp_path / "full")]
    with pytest.raises(SystemExit, match="2"), plain_errors():
        call(*command)
    assert "is not empty. Name a new folder" in capsys.readouterr().err
    assert not (tmp_path / "cache").exists()


def test_a_mistake_is_told_without_a_traceback():
    command = [
        sys.executable,
        "-c",
        "from benchmark.commands.app import main; main()",
        "describe",
        "erk",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("equipoise: Unknown name 'erk'. Did you mean 'erm'?")
    assert "Traceback" not in done.stderr


def test_doctor_finds_this_machine_fit(monkeypatch, tmp_path):
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    words = call("doctor").output
    assert "MEND" not in words
    assert "torch pair" in words


def test_new_writes_a_method_that_passes_the_check(tmp_path):
    call("new", "my_method", "--folder", tmp_path)
    assert "keeps the contract" in call("check", tmp_path / "my_method.py").output
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", *HOUSE, str(tmp_path)], check=False
    )
    assert done.returncode == 0


def test_a_test_beside_methods_is_no_method_and_may_be_moved(tmp_path, monkeypatch):
    monkeypatch.setattr(find, "folders_of", lambda package: [tmp_path] * (package == "methods"))
    call("new", "my_method", "--folder", tmp_path)
    assert list(find.find_methods()) == ["my_method"]
    assert 'METHOD = "my_method"' in (tmp_path / "test_my_method.py").read_text()


def test_new_leaves_what_is_there(tmp_path):
    (tmp_path / "my_method.py").write_text("precious")
    with pytest.raises(ValueError, match="Already there, left as it is"):
        call("new", "my_method", "--folder", tmp_path)
    assert (tmp_path / "my_method.py").read_text() == "precious"
    assert not (tmp_path / "test_my_method.py").exists()


def test_new_refuses_a_name_that_is_taken(tmp_path):
    with pytest.raises(ValueError, match="There is a method 'erm' already"):
        call("new", "erm", "--folder", tmp_path)


def test_new_refuses_a_name_that_is_no_module_name(tmp_path):
    with pytest.raises(ValueError, match="'My-Method' cannot name a method"):
        call("new", "My-Method", "--folder", tmp_path)


@pytest.mark.slow
def test_a_run_draws_with_a_checkpoint_of_ones_own(
    run_options, toy_preset, tiny_checkpoint, tmp_path
):
    lines = ["steps = 2", "batch_size = 1", "accumulation = 2", "learning_rate = 1e-3"]
    lines += ["sampling_steps = 1", "guidance = 4", 'checkpoint = ""', "size = 16"]
    lines += ["base_steps = 2", "tuning_steps = 1", "tuning_batch = 4", 'reader = "test_convnext"']
    lines += ["adapter_rank = 2", "adapter_rate = 1e-3", "judged = 24"]
    toy_preset.write_text("\n".join([toy_preset.read_text(), "[generator]", *lines]))
    options = [*run_options, "--method", "controlnet_synthesis", "--no-tracking"]
    with pytest.raises(ValueError, match="give --checkpoint"):
        call("run", *options)
    call("run", *options, "--checkpoint", tiny_checkpoint)
    (record,) = find_runs(tmp_path / "runs")
    assert record.status == "done" and record.generation().n > 0
    stages = set(record.history()["stage"])
    assert {"controlnet", "methods: masks", "filter", "classifier"} <= stages
