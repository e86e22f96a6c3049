"""The reference pages name everything that the code has."""

import dataclasses

import pytest

from benchmark.api.declarations import DECLARATIONS
from benchmark.discovery import find, load
from benchmark.presets import settings
from tests.docs.pages import ROOT

DOCS = ROOT / "docs"
SETTINGS = (
    settings.SourceSettings,
    settings.ClassifierSettings,
    settings.ScratchSettings,
    settings.CheckpointSettings,
    settings.RunSettings,
)


def named_on(page, names):
    text = (DOCS / page).read_text()
    return [name for name in names if f"`{name}`" not in text]


@pytest.mark.parametrize("kind", SETTINGS, ids=lambda kind: kind.__name__)
def test_every_setting_of_a_preset_is_explained(kind):
    assert not named_on("reference/presets.md", [f.name for f in dataclasses.fields(kind)])


@pytest.mark.parametrize("name", ["controlnet_synthesis", "alignment_finetuning"])
def test_every_field_of_a_generative_method_is_explained(name):
    method = load.load_method(find.find_methods()[name])
    assert not named_on(f"methods/{name}.md", [f.name for f in dataclasses.fields(method)])


def test_every_baseline_and_control_is_explained():
    found = find.find_methods().values()
    names = [one.name for one in found if one.kind in ("baseline", "control")]
    assert not named_on("methods/baselines_and_controls.md", names)


def test_every_declaration_of_a_method_is_explained():
    assert not named_on("reference/contract.md", DECLARATIONS)
