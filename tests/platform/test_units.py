import pytest
from hypothesis import given
from hypothesis import strategies as st

from infctl.platform import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("20s", 20), ("250ms", 0.25), ("1h30m", 5400), ("0s", 0), ("1.5s", 1.5), ("30d", 2592000)],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert units.parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["20", "s", "-1s", "1 s", "1s\n", "1e3s", "", "1us", 20, None, True]
)
def test_what_is_not_a_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        units.parse_duration(text)


@given(st.integers(min_value=0, max_value=10**10))
def test_a_duration_is_written_as_it_is_read(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert units.parse_duration(units.format_duration(seconds)) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    ("value", "share"), [("99.9%", 0.999), ("0%", 0), ("100%", 1), (0.5, 0.5), (1, 1)]
)
def test_a_percentage_is_read_as_a_share(value: object, share: float) -> None:
    assert units.parse_percentage(value) == share


@pytest.mark.parametrize("value", ["99.9", "101%", "-1%", 1.01, -0.1, True, None, "½%", "٩%"])
def test_what_is_not_a_percentage_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not"):
        units.parse_percentage(value)


@pytest.mark.parametrize(
    ("text", "number"),
    [("500m", 0.5), ("256Mi", 268435456), ("1", 1), ("2k", 2000), ("1.5Gi", 1610612736)],
)
def test_a_quantity_means_a_number(text: str, number: float) -> None:
    assert float(units.amount(text)) == number
    assert units.parse_quantity(text) == text


@pytest.mark.parametrize("value", ["1x", "-1", "1 Mi", "1e3", "", None, True, "1Mi\n"])
def test_what_is_not_a_quantity_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        units.parse_quantity(value)
