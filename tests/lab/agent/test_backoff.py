"""Back-off between restarts, and addresses given one after the other."""

from pathlib import Path

import pytest

from infctl.lab.agent.allocation import Allocation, NoAddressLeft, next_address
from infctl.lab.agent.backoff import BackOff


def test_the_first_restart_is_made_at_once_and_later_ones_ever_later() -> None:
    back_off, now, waits = BackOff(), 1000.0, []
    for _ in range(8):
        waits.append(back_off.wait(now, now))
        now += waits[-1]
        back_off.note(now)
    assert waits == [0, 10, 20, 40, 80, 160, 300, 300]


def test_what_has_passed_since_the_end_counts_as_waited() -> None:
    back_off = BackOff()
    back_off.note(1000)
    assert back_off.wait(1001, 1004) == 7
    assert back_off.wait(1001, 1020) == 0


def test_ten_good_minutes_let_it_begin_anew() -> None:
    back_off = BackOff()
    back_off.note(1000)
    back_off.note(1010)
    assert back_off.wait(1600, 1600) == 20
    assert back_off.wait(1611, 1611) == 0
    back_off.note(1611)
    assert back_off.delay == 10


@pytest.mark.parametrize(
    ("last", "taken", "expected"),
    [
        ("", [], 64),
        ("127.20.1.64", [], 65),
        ("127.20.1.64", [65, 66], 67),
        ("127.20.1.254", [], 64),
        ("127.20.1.254", [64], 65),
        ("torn", [], 64),
    ],
)
def test_an_address_is_used_again_as_late_as_possible(
    last: str, taken: list[int], expected: int
) -> None:
    found = next_address("127.20.1", last, {f"127.20.1.{n}" for n in taken})
    assert found == f"127.20.1.{expected}"


def test_a_full_region_gives_no_address() -> None:
    with pytest.raises(NoAddressLeft):
        next_address("127.20.1", "", {f"127.20.1.{n}" for n in range(64, 255)})


def test_a_new_agent_goes_on_after_the_last_address(tmp_path: Path) -> None:
    path = tmp_path / "last"
    assert Allocation("127.20.1", path).give(()) == "127.20.1.64"
    assert Allocation("127.20.1", path).give(()) == "127.20.1.65"
