import pytest

from infctl.commands.output import table

ROWS = [{"name": "controller-manager-us-east-1", "what": "ready", "why": "x" * 60}]
COLUMNS = [("PART", "name"), ("STATE", "what"), ("WHY", "why")]


@pytest.mark.parametrize("width", [50, 60, 80, 100])
def test_a_table_is_no_wider_than_the_terminal_and_keeps_the_names(width: int) -> None:
    lines = table(ROWS, COLUMNS, width).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[1].startswith("controller-manager-us-east-1  ready  xxx")
    assert lines[1].endswith("…") == (width < 97)


def test_a_table_for_a_pipe_is_never_cut() -> None:
    assert "x" * 60 in table(ROWS, COLUMNS)


def test_a_terminal_too_narrow_for_all_still_shows_every_column() -> None:
    assert table(ROWS, COLUMNS, 20).splitlines()[1] == "controller-manager-us-east-1  ready  xxxxx…"


def test_where_a_terminal_is_too_narrow_what_goes_below_is_whole() -> None:
    lines = table(ROWS, COLUMNS, 50, ("why",)).splitlines()
    assert lines[0].split() == ["PART", "STATE"]
    assert "".join(line.strip() for line in lines[2:]) == "x" * 60
    assert max(map(len, lines)) <= 50
    assert table(ROWS, COLUMNS, 200, ("why",)) == table(ROWS, COLUMNS)
    assert table([], COLUMNS, 10, ("why",)).splitlines() == ["PART  STATE"]
