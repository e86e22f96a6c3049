"""Every page of a plan that is not done begins with what is still to come, and no other page."""

from benchmark.records.unfinished import Unfinished
from leaderboard.build import build
from tests.leaderboard.conftest import pages_of


def test_every_page_begins_with_what_is_still_to_come_until_nothing_is(fake, tmp_path):
    fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], 0)
    so_far = Unfinished(total=9, done=1, failed=0, more_seeds=1, to_come=("a_tuned",))
    words = "1 of 9 runs was done; still to come were more seeds of one row, and a_<wbr>tuned."
    index = build(tmp_path / "runs", tmp_path / "out", so_far=so_far)
    texts = [page.read_text() for page in pages_of(index)]
    assert len(texts) == 2
    assert all(0 < text.find(words) < text.index("<header") for text in texts)
    build(tmp_path / "runs", tmp_path / "out")
    assert not any("still to come" in page.read_text() for page in pages_of(index))
