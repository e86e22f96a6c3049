import sys
from pathlib import Path

import pytest

from benchmark.discovery import find
from benchmark.discovery.find import LookupFailed, find_methods, locate
from benchmark.discovery.load import load_method, load_task

STRANGER = Path(__file__).parents[2] / "stranger"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An empty folder of methods that the registry searches instead of ours."""
    folder = tmp_path / "some_methods"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(find, "METHOD_PACKAGES", (("some_methods", "method"),))
    yield folder
    for name in [n for n in sys.modules if n.startswith("some_methods")]:
        del sys.modules[name]


def test_a_file_dropped_into_the_folder_is_found_under_its_name(package, write_method):
    Path(write_method("dropped", "return Half()")).rename(package / "dropped.py")
    assert find_methods()["dropped"].kind == "method"


def test_a_folder_with_a_method_file_is_found_under_the_folders_name(package, write_method):
    (package / "large").mkdir()
    Path(write_method("method", "return Half()")).rename(package / "large" / "method.py")
    assert list(find_methods()) == ["large"]


def test_a_folder_without_a_method_file_is_no_method(package):
    (package / "shared").mkdir()
    (package / "shared" / "parts.py").touch()
    assert find_methods() == {}


def test_listing_imports_nothing(package):
    (package / "bomb.py").write_text('"""Goes off."""\nraise RuntimeError("imported")\n')
    assert find.summary(find_methods()["bomb"]) == "Goes off."


def test_a_module_that_fails_to_import_shows_its_own_error(package):
    (package / "bomb.py").write_text('raise RuntimeError("no such lever")\n')
    with pytest.raises(LookupFailed, match=r"bomb.*does not import: RuntimeError: no such lever"):
        load_method(find_methods()["bomb"])


def test_a_class_that_its_mark_refuses_is_named_with_its_file(package, write_method):
    path = Path(write_method("odd", "return Half()", groups_used="sometimes"))
    path.rename(package / "odd.py")
    with pytest.raises(LookupFailed, match=r"^/.*odd.py: Written is no method: groups_used is"):
        load_method(find_methods()["odd"])


def test_two_files_of_one_name_are_an_error_that_names_both(package, write_method):
    (package / "twin").mkdir()
    Path(write_method("method", "return Half()")).rename(package / "twin" / "method.py")
    Path(write_method("twin", "return Half()")).rename(package / "twin.py")
    with pytest.raises(LookupFailed, match=r"'twin'.*twin\.py.*twin/method\.py"):
        find_methods()


def test_a_path_that_bears_a_known_name_is_refused(write_method):
    path = write_method("erm", "return Half()")
    with pytest.raises(LookupFailed, match=r"baselines/erm\.py.*Rename yours"):
        locate(path, "method")


def test_an_unknown_name_gets_the_nearest_one_suggested():
    with pytest.raises(LookupFailed, match=r"'group_dr0'. Did you mean 'group_dro'\? Known: .*erm"):
        locate("group_dr0", "method")


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("mine.py", "mine.py"),
        ("drafts/mine.py", "drafts/mine.py"),
        ("mine/method.py", "./mine"),
        ("drafts/mine/method.py", "drafts/mine"),
    ],
)
def test_the_name_of_a_file_that_is_here_is_answered_with_its_path(
    file, path, tmp_path, monkeypatch
):
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LookupFailed, match=f"found only by its path: give --method {path}. Known"):
        locate("mine", "method")


def test_the_name_of_a_file_is_answered_with_the_path_that_the_command_gives(tmp_path):
    given = [str(tmp_path / "far" / "away" / "mine.py"), "mine", ""]
    with pytest.raises(LookupFailed, match=f"give --method {given[0]}"):
        locate("mine", "method", given)


@pytest.mark.parametrize("name", ["", "**", ".."])
def test_what_is_no_name_is_unknown(name):
    with pytest.raises(LookupFailed, match="Unknown method"):
        locate(name, "method")


def test_a_file_that_is_no_python_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(LookupFailed, match=r"^/.*notes.txt is no Python file: a method is a file"):
        locate(str(tmp_path / "notes.txt"), "method")


def test_a_file_of_bytes_is_listed_with_why_it_cannot_be_read(package):
    (package / "bytes.py").write_bytes(b"\xff\xfe\x00")
    assert find.summary(find_methods()["bytes"]).startswith("(cannot be read: ")


def test_a_path_is_loaded(write_method):
    found = locate(write_method("mine", "return Half()"), "method")
    assert (found.name, load_method(found).__name__) == ("mine", "Written")


def test_a_strangers_package_is_found_by_its_entry_point(tmp_path, monkeypatch):
    info = tmp_path / "stranger-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    points = "[equipoise.methods]\nstrangers_method = stranger:StrangersMethod\n"
    (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(STRANGER))
    found = locate("strangers_method", "method")
    assert found.path == STRANGER / "stranger.py"
    assert load_method(found).__name__ == "StrangersMethod"


def test_a_module_that_exits_does_not_take_the_driver_with_it(package):
    (package / "quitter.py").write_text("import sys\nsys.exit(3)\n")
    with pytest.raises(LookupFailed, match=r"does not import: SystemExit: 3"):
        load_method(find_methods()["quitter"])


def test_folders_of_two_strangers_do_not_mix_their_helpers(tmp_path, write_method):
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "helper.py").write_text(f"WORD = {name!r}\n")
        more = "from .helper import WORD"
        Path(write_method("method", "return Half()", more=more)).rename(folder / "method.py")
        cls = load_method(locate(str(folder), "method"))
        assert name == sys.modules[cls.__module__].WORD


def test_a_tasks_card_must_bear_its_folders_name(tmp_path, toy_task):
    folder = tmp_path / "other_name"
    folder.mkdir()
    (folder / "task.py").write_text((Path(toy_task) / "task.py").read_text())
    with pytest.raises(LookupFailed, match="must be called 'other_name'"):
        load_task(locate(str(folder), "task"))


@pytest.mark.parametrize(
    ("mark", "refused"),
    [
        ("", True),
        (', compare_with=("erm",)', True),
        (', compare_with=("erm", "duplicate_real")', False),
    ],
)
def test_a_method_that_trains_a_generator_must_name_a_control_to_beat(package, mark, refused):
    (package / "synthesis.py").write_text(
        "from dataclasses import dataclass\nfrom benchmark import method\n\n"
        f'@method(groups_used="train", trains_generator=True{mark})\n'
        '@dataclass(frozen=True)\nclass Synthesis:\n    """Draws patients."""\n\n'
        "    def fit(self, train, val, ctx):\n        return None\n"
    )
    found = find_methods()["synthesis"]
    if refused:
        with pytest.raises(LookupFailed, match="declares nothing to beat but erm"):
            load_method(found)
    else:
        assert load_method(found).__name__ == "Synthesis"
