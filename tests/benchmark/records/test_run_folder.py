"""What a run folder says of a failed run, whatever lies there as error.txt."""

import pytest

from benchmark.planning.resolve import resolve
from benchmark.records.config import write_config
from benchmark.records.run_folder import LONGEST_ERROR, read_run


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"ValueError: caf\xe9", "ValueError: caf\N{REPLACEMENT CHARACTER}"),
        (b"a" * (LONGEST_ERROR + 1), "a" * LONGEST_ERROR),
        (None, ""),
    ],
    ids=["no UTF-8", "huge", "a folder"],
)
def test_an_error_is_read_whatever_it_is(make_spec, tmp_path, content, text):
    write_config(tmp_path, resolve(make_spec("group_dro")))
    if content is None:
        (tmp_path / "error.txt").mkdir()
    else:
        (tmp_path / "error.txt").write_bytes(content)
    assert (read_run(tmp_path).status, read_run(tmp_path).error) == ("failed", text)
