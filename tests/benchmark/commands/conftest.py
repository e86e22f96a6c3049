import pytest

from benchmark.conformance.toy_preset import TOY_PRESET


@pytest.fixture
def toy_preset(tmp_path):
    values = TOY_PRESET.as_dict()
    lines = []
    for section in ("source", "classifier", "run"):
        given = {k: v for k, v in values[section].items() if v is not None}
        lines += [f"[{section}]", *(f"{k} = {v!r}" for k, v in given.items())]
    path = tmp_path / "toy.toml"
    path.write_text("\n".join(lines).replace("'", '"'))
    return path
