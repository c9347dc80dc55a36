"""Which retention may replace which, and what is one."""

from datetime import UTC, datetime, timedelta

import pytest

from infctl.lab.cloud.retention import Fault, Retention, find_fault, read

NOW = datetime(2026, 11, 26, tzinfo=UTC)
LATER, MUCH_LATER = NOW + timedelta(days=1), NOW + timedelta(days=2)


@pytest.mark.parametrize(
    ("mode", "until", "expected"),
    [
        (None, None, Retention()),
        ("GOVERNANCE", "2026-11-27T00:00:00Z", Retention("GOVERNANCE", LATER)),
        ("COMPLIANCE", "2026-11-27T00:00:00.000000", Retention("COMPLIANCE", LATER)),
    ],
)
def test_a_retention_is_read(mode: str | None, until: str | None, expected: Retention) -> None:
    assert read(mode, until, NOW) == expected


@pytest.mark.parametrize(
    ("mode", "until", "message"),
    [
        ("GOVERNANCE", None, "both be supplied"),
        (None, "2026-11-27T00:00:00Z", "both be supplied"),
        ("governance", "2026-11-27T00:00:00Z", "Unknown wormMode"),
        ("GOVERNANCE", "soon", "ISO 8601"),
        ("GOVERNANCE", "2026-11-26T00:00:00Z", "in the future"),
    ],
)
def test_what_is_no_retention_is_refused(mode: str | None, until: str | None, message: str) -> None:
    found = read(mode, until, NOW)
    assert isinstance(found, Fault)
    assert message in found.message


@pytest.mark.parametrize("wanted", [Retention(), Retention("GOVERNANCE", LATER)])
def test_a_retention_that_is_over_holds_nothing(wanted: Retention) -> None:
    over = Retention("COMPLIANCE", NOW)
    assert find_fault(over, wanted, NOW, bypass=False) is None
    assert not over.holds(NOW)


@pytest.mark.parametrize("bypass", [False, True])
def test_compliance_can_only_grow(bypass: bool) -> None:
    held = Retention("COMPLIANCE", LATER)
    assert find_fault(held, Retention("COMPLIANCE", MUCH_LATER), NOW, bypass=bypass) is None
    for wanted in (Retention(), Retention("GOVERNANCE", MUCH_LATER), Retention("COMPLIANCE", NOW)):
        assert find_fault(held, wanted, NOW, bypass=bypass) is not None
