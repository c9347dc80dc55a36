"""The page that compares the lab's cloud with the vendor: each row is tried by a test."""

import ast
import json
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "lab-cloud.md"
TRIED: dict[str, str] = json.loads((HERE / "vendor_rows.json").read_text())
WORDS = ("same", "different", "absent")


def rows() -> list[tuple[str, str]]:
    """Rule and word of each row of the comparison."""
    text = PAGE.read_text().partition("## Compared with the vendor")[2]
    cells = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    found = [(cell[0].strip(), cell[1].strip()) for cell in cells]
    return [row for row in found[1:] if not row[0].startswith("**")]


def functions_of(module: str) -> set[str]:
    tree = ast.parse((HERE / f"{module}.py").read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_row_has_a_word_and_its_test_and_no_test_is_left_over() -> None:
    for rule, word in rows():
        assert word in WORDS, rule
        assert sum(rule.startswith(start) for start in TRIED) == 1, rule
    for start in TRIED:
        assert sum(rule.startswith(start) for rule, _ in rows()) == 1, start


@pytest.mark.parametrize("named", sorted(set(TRIED.values())))
def test_the_test_of_a_row_is_there(named: str) -> None:
    module, _, name = named.partition(".")
    assert name in functions_of(module)
