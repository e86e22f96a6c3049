"""Settings are chosen on development seeds, boards are made of the others; no plan mixes them."""

import dataclasses

import pytest

from benchmark.conformance.toy_preset import TOY_PRESET
from benchmark.planning.expand_runs import expand
from benchmark.planning.seeds import SeedChoice, development_note, read_seeds
from benchmark.presets.load import load_preset

AS_THE_PRESET = SeedChoice()
COSTLY = dataclasses.replace(TOY_PRESET.run, seeds=[0, 1, 2], generator_seeds=[0, 1])


def seeds_of(*settings, choice=AS_THE_PRESET, methods=("group_dro", "duplicate_real"), preset=None):
    specs = expand(
        preset=preset or dataclasses.replace(TOY_PRESET, run=COSTLY), tasks=["brain_mr_sex"],
        methods=methods, seeds=choice, settings=settings, data=None, device="cpu",
    )  # fmt: skip
    return {name: [spec.seed for spec in specs if spec.method == name] for name in methods}


def test_a_method_with_a_generator_has_the_presets_fewer_seeds():
    assert seeds_of() == {"group_dro": [0, 1, 2], "duplicate_real": [0, 1]}


def test_a_preset_without_generator_seeds_has_the_same_for_all():
    run = dataclasses.replace(COSTLY, generator_seeds=None)
    preset = dataclasses.replace(TOY_PRESET, run=run)
    assert seeds_of(preset=preset)["duplicate_real"] == [0, 1, 2]


def test_given_seeds_hold_for_all_methods():
    found = seeds_of(choice=read_seeds("3, 1"))
    assert found == {"group_dro": [1, 3], "duplicate_real": [1, 3]}


@pytest.mark.parametrize(
    ("text", "seeds"), [("0-4", (0, 1, 2, 3, 4)), (" 0 - 2 , 5,1", (0, 1, 2, 5)), ("3-3", (3,))]
)
def test_a_hyphen_stands_for_all_seeds_between(text, seeds):
    assert read_seeds(text).given == seeds


def test_development_seeds_are_as_many_as_the_presets():
    found = seeds_of(choice=read_seeds(None, development=True))
    assert found == {"group_dro": [100, 101, 102], "duplicate_real": [100, 101]}


def test_a_setting_that_is_not_the_default_is_tried_on_development_seeds():
    found = seeds_of("group_dro.step_size=0.5")
    assert found == {"group_dro": [100, 101, 102], "duplicate_real": [100, 101]}


def test_the_default_written_out_tries_nothing():
    assert seeds_of("group_dro.step_size=0.05")["group_dro"] == [0, 1, 2]


def test_given_seeds_hold_for_a_setting_that_is_tried_too():
    found = seeds_of("group_dro.step_size=0.5", choice=read_seeds("0"))
    assert found["group_dro"] == [0]


@pytest.mark.parametrize(
    ("text", "development", "words"),
    [
        ("99,100", False, r"--seeds mixes board seeds \(0 to 99\).*: 99 and 100\. .*two commands"),
        ("0", True, r"--development takes seeds from 100 on, and --seeds is '0'"),
        ("one", False, "give whole numbers from 0 on: 0-4, or 0,1,2, or 0-2,5"),
        ("", False, "give whole numbers from 0 on"),
        ("-1", False, "give whole numbers from 0 on"),
        ("0-", False, "give whole numbers from 0 on"),
        ("0-1-2", False, "give whole numbers from 0 on"),
        ("0,4-2", False, "--seeds is '0,4-2'; 4-2 runs backwards: write 2-4"),
        ("98-101", False, "mixes board seeds"),
        ("100-99999999", False, "100-99999999 are 99,999,900 seeds, and 1,000 are the most"),
    ],
)
def test_seeds_that_cannot_stand_together_are_refused_with_advice(text, development, words):
    with pytest.raises(ValueError, match=words):
        read_seeds(text, development=development)


def test_a_preset_that_mixes_both_kinds_is_refused():
    run = dataclasses.replace(COSTLY, generator_seeds=[100])
    with pytest.raises(ValueError, match="The preset toy mixes board seeds"):
        seeds_of(preset=dataclasses.replace(TOY_PRESET, run=run))


def test_the_note_names_seeds_reason_and_way_out():
    words = development_note([101, 100], ["group_dro.step_size=0.5"])
    assert words.startswith(
        "Development seeds 100,101, because --set tries group_dro.step_size=0.5: "
    )
    assert "--seeds 0,1,2" in words
    assert "choose by val alone" in development_note([100], own_patients=True)
    assert development_note([0, 1]) == ""


@pytest.mark.parametrize(
    ("preset", "plain", "generator"), [("quick", 3, 2), ("standard", 5, 3), ("paper", 8, 8)]
)
def test_shipped_presets_have_seeds_by_cost(preset, plain, generator):
    run = load_preset(preset).run
    assert run.seeds == list(range(plain)) and run.generator_seeds == list(range(generator))
