"""The driver asks for a page when a round is over, and not after the last one."""

from benchmark.planning import plan
from benchmark.running import driver


class Asked:
    """What the driver asks for, as the command that writes pages sees it."""

    def __init__(self):
        self.so_far, self.looks = [], 0

    def ask(self, so_far):
        self.so_far.append(so_far)

    def look(self):
        self.looks += 1


def test_a_page_is_asked_for_after_every_round_but_the_last(make_spec, write_method, tmp_path):
    bad = write_method("bad", "raise RuntimeError('no such lever')")
    specs = [make_spec(name, seed) for seed in (0, 1, 2) for name in ("majority_class", bad)]
    pages = Asked()
    driver.run_matrix(plan.plan(specs, tmp_path / "runs"), tmp_path / "runs", pages=pages)
    found = [(one.done, one.failed, one.total, one.more_seeds) for one in pages.so_far]
    assert found == [(1, 1, 6, 2), (2, 2, 6, 2)]
    assert pages.looks > 0
