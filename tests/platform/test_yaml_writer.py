import pytest
import yaml  # type: ignore[import-untyped]

from infctl.platform.yaml_writer import dump, dump_all

SURPRISES = [
    "NO",
    "on",
    "y",
    "0123",
    "1:30",
    "1_000",
    "0x1f",
    "1e3",
    "",
    "~",
    "null",
    "2026-01-01",
    "<<",
]
TEXTS = [*SURPRISES, "a\nb", "x: y", "# x", "- x", "{}", "\x1b[2J", "ü", "'", '"', "sha256:00"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_back_by_yaml_1_1_as_that_text(text: str) -> None:
    assert yaml.safe_load(dump({"a": text})) == {"a": text}


def test_mappings_keep_their_order_and_documents_are_separated() -> None:
    assert dump_all([{"b": 1, "a": [2]}, {"c": None}]) == "---\nb: 1\na:\n- 2\n---\nc: null\n"


def test_a_value_that_stands_twice_is_written_twice() -> None:
    shared = {"x": 1}
    assert "&" not in dump({"a": shared, "b": shared})
