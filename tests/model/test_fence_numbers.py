from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infctl.model import fence


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("7", 7),
        ("007", 7),
        ("9" * 18, fence.NEWEST),
        ("9" * 19, None),
        ("", None),
        ("-1", None),
        ("+1", None),
        (" 1", None),
        ("1_0", None),
        ("1.0", None),
        ("\u0667", None),
        (7, None),
        (None, None),
    ],
)
def test_a_fence_is_up_to_eighteen_decimal_digits(text: Any, number: int | None) -> None:
    assert fence.number(text) == number


@given(st.text(max_size=25) | st.integers() | st.none())
def test_any_text_is_a_number_or_none(text: Any) -> None:
    found = fence.number(text)
    assert found is None or 0 <= found <= fence.NEWEST


@pytest.mark.parametrize(
    ("config_map", "granted"),
    [
        (None, 0),
        ({}, 0),
        ({"data": None}, 0),
        ({"data": {}}, 0),
        ({"data": {"other": "5"}}, 0),
        ({"data": {"fence": "5"}}, 5),
        ({"data": {"fence": "five"}}, fence.NEWEST),
        ({"data": {"fence": None}}, fence.NEWEST),
    ],
)
def test_what_is_no_number_counts_as_newer_than_everything(config_map: Any, granted: int) -> None:
    assert fence.granted(config_map) == granted


@pytest.mark.parametrize(
    ("manifest", "carried"),
    [
        (None, ""),
        ({}, ""),
        ({"metadata": None}, ""),
        ({"metadata": {"annotations": None}}, ""),
        ({"metadata": {"annotations": {fence.FENCE: "7"}}}, "7"),
    ],
)
def test_what_an_object_carries(manifest: Any, carried: str) -> None:
    assert fence.carried(manifest) == carried
