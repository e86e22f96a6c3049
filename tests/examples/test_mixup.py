"""The example of the guide keeps the contract."""

from pathlib import Path

from benchmark.conformance.check import check_method


def test_mixup_keeps_the_contract():
    findings = list(check_method(str(Path(__file__).with_name("mixup.py"))))
    assert len(findings) == 6
    assert not [finding.advice for finding in findings if not finding.passed]
