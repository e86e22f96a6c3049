import copy

import pytest

from benchmark.presets.load import load_preset, preset_names
from benchmark.presets.settings import Preset


@pytest.mark.parametrize("name", preset_names())
def test_every_shipped_preset_loads(name):
    assert load_preset(name).name == name


def test_an_unknown_preset_gets_the_nearest_one_suggested():
    with pytest.raises(ValueError, match=r"'quik'. Did you mean 'quick'\? Known: paper, quick"):
        load_preset("quik")


def test_a_file_of_ones_own_is_a_preset(tmp_path):
    values = load_preset("quick").as_dict()
    lines = ['description = "mine"']
    for section in ("source", "classifier", "run"):
        lines.append(f"[{section}]")
        lines += [f"{k} = {v!r}" for k, v in values[section].items()]
    path = tmp_path / "mine.toml"
    path.write_text("\n".join(lines))
    assert load_preset(str(path)).source == load_preset("quick").source


def test_a_file_that_is_no_toml_is_named(tmp_path):
    (tmp_path / "mine.toml").write_text("hello")
    with pytest.raises(ValueError, match=r"mine\.toml is no valid TOML: Expected"):
        load_preset(str(tmp_path / "mine.toml"))


def test_all_problems_of_a_preset_are_reported_at_once():
    values = copy.deepcopy(load_preset("quick").as_dict())
    values["source"]["trian"] = values["source"].pop("train")
    values["classifier"]["steps"] = 0
    values["run"]["seeds"] = [1, 1]
    with pytest.raises(ValueError) as caught:
        Preset.from_dict(values)
    message = str(caught.value)
    for part in ("lacks train", "did you mean train", "steps is 0", "seeds is [1, 1]"):
        assert part in message


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        (
            "generator",
            {"learning_rate": "fast"},
            "learning_rate is 'fast'; it must be a number",
        ),
        ("generator", {"widths": [30, 64]}, "widths are [30, 64]; multiples of 16"),
        ("generator", {"fold": 5}, "fold is 5; it must divide 64 pixels"),
        ("generator", {"last_noise": 1200}, "last_noise is 1200; it must be below 999"),
        ("run", {"threads": True}, "threads is True; it must be a whole number"),
    ],
)
def test_values_that_cannot_work_are_refused_with_the_preset(section, values, message):
    preset = copy.deepcopy(load_preset("quick").as_dict())
    preset[section] |= values
    with pytest.raises(ValueError) as caught:
        Preset.from_dict(preset)
    assert message in str(caught.value)


def test_a_misspelt_section_gets_the_nearest_one_suggested():
    preset = load_preset("quick").as_dict()
    preset["generators"] = preset.pop("generator")
    with pytest.raises(ValueError, match=r"'generators'; did you mean generator"):
        Preset.from_dict(preset)
