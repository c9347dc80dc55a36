"""docs/reliability.md names tests and variables that are there."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "reliability.md").read_text()
ROWS = "B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 B12 B13 B14 B18 B20 B21 B27 B29 B32 B33 B34 B36"
ATTACKS = "C7 C8 C9 C10 C11 C22 C24"


def test_every_row_stands_on_the_page() -> None:
    found = set(re.findall(r"^\| ([BC]\d+)", PAGE, re.MULTILINE))
    assert found >= {*ROWS.split(), *ATTACKS.split()}


def test_every_file_and_test_that_is_named_exists() -> None:
    named = re.findall(r"`((?:\w+/)+test_\w+\.py)(?:::(\w+)…?)?`", PAGE)
    assert len(named) > 40
    for path, test in named:
        assert f"def {test}" in (TESTS / path).read_text(), path


def test_every_variable_that_is_named_is_asked_for() -> None:
    asked = "".join(p.read_text() for p in TESTS.rglob("*.py") if p != Path(__file__))
    for variable in set(re.findall(r"`(INFCTL_[A-Z0-9_]+)", PAGE)):
        assert f'"{variable}"' in asked, variable
