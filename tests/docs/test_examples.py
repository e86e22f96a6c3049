"""Every whole method that the documentation shows keeps the contract."""

import ast

import pytest

from benchmark.conformance.check import check_method
from tests.docs.pages import PAGES, code_blocks, name_of


def methods():
    for page in PAGES:
        for block in code_blocks(page.read_text(), "python"):
            if "@method" in block:
                words = (ast.get_docstring(ast.parse(block)) or "").partition(":")[0].lower()
                yield pytest.param(block, id=f"{name_of(page)}: {words}")


@pytest.mark.slow
@pytest.mark.parametrize("code", list(methods()))
def test_a_method_of_the_documentation_keeps_the_contract(code, tmp_path):
    path = tmp_path / "of_the_documentation.py"
    path.write_text(code)
    findings = list(check_method(str(path)))
    assert len(findings) >= 6
    assert not [finding.advice for finding in findings if not finding.passed]
