"""Passwords and one-time codes, judged by the issuer."""

import base64
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from running_issuer import Clock

from infctl.lab.identity import onetime
from infctl.lab.identity.desk import Desk, Refused
from infctl.lab.identity.people import Person

FACTOR = base64.b32encode(b"12345678901234567890").decode()
ADA = Person("ada", ("operators",), "right", FACTOR)
BOB = Person("bob", ("viewers",), "right")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Desk:
    return Desk({"ada": ADA, "bob": BOB}, tmp_path / "used.json", clock)


def code(now: float, steps: int = 0) -> str:
    return onetime.make(FACTOR, onetime.counter_at(now) + steps)


@pytest.mark.parametrize(
    ("now", "expected"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_rfc(now: int, expected: str) -> None:
    """The last six digits of RFC 6238, appendix B."""
    assert code(now) == expected


@pytest.mark.parametrize(
    ("steps", "is_found"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_one_step_off(steps: int, is_found: bool) -> None:
    now = 1_800_000_000
    assert (onetime.find(FACTOR, code(now, steps), now, -1) is not None) is is_found


@pytest.mark.parametrize("wrong", ["", "12345", "1234567", "abcdef", "\uff10" * 6, "x" * 9999])
def test_what_is_no_code_is_none(wrong: str) -> None:
    assert onetime.find(FACTOR, wrong, 1_800_000_000, -1) is None


def test_a_code_is_accepted_once(desk: Desk, clock: Clock) -> None:
    assert desk.let_in("ada", "right", code(clock.now)).methods == ("pwd", "otp")
    with pytest.raises(Refused, match="used before"):
        desk.let_in("ada", "right", code(clock.now))


def test_nor_is_an_older_one_accepted_after_it(desk: Desk, clock: Clock) -> None:
    desk.let_in("ada", "right", code(clock.now, 1))
    for steps in (-1, 0, 1):
        with pytest.raises(Refused):
            desk.let_in("ada", "right", code(clock.now, steps))
    clock.now += 30
    assert desk.let_in("ada", "right", code(clock.now, 1))


def test_a_used_code_is_still_used_after_a_restart(
    desk: Desk, clock: Clock, tmp_path: Path
) -> None:
    desk.let_in("ada", "right", code(clock.now))
    again = Desk({"ada": ADA}, tmp_path / "used.json", clock)
    with pytest.raises(Refused):
        again.let_in("ada", "right", code(clock.now))


def test_without_a_code_the_login_says_so(desk: Desk) -> None:
    assert desk.let_in("ada", "right").methods == ("pwd",)


def test_whoever_has_no_second_factor_cannot_show_one(desk: Desk) -> None:
    with pytest.raises(Refused):
        desk.let_in("bob", "right", "123456")


def test_five_wrong_guesses_close_the_desk_for_a_minute(desk: Desk, clock: Clock) -> None:
    for guess in ("000001", "000002", "000003", "000004", "000005"):
        with pytest.raises(Refused, match="wrong"):
            desk.let_in("ada", "right", guess)
        clock.now += 1
    with pytest.raises(Refused, match="too many") as refused:
        desk.let_in("ada", "right", code(clock.now))
    assert (refused.value.status, refused.value.wait) == (429, 55.0)
    assert desk.let_in("bob", "right"), "others are not held up"
    clock.now += 55
    assert desk.let_in("ada", "right", code(clock.now))


def test_names_that_are_nobodys_are_limited_together(desk: Desk) -> None:
    for number in range(5):
        with pytest.raises(Refused, match="wrong"):
            desk.let_in(f"nobody-{number}", "guess")
    with pytest.raises(Refused, match="too many"):
        desk.let_in("somebody-else", "guess")


@pytest.mark.parametrize(
    ("last", "steps", "seconds"), [(-1, 0, 0.0), (0, 1, 0.0), (1, 2, 25.0), (2, 3, 55.0)]
)
def test_the_next_unused_code_is_known_with_its_moment(
    last: int, steps: int, seconds: float
) -> None:
    now = 30.0 * 1000 + 5
    counter, wait = onetime.next_unused(now, 1000 + last)
    assert (counter, wait) == (1000 + steps, seconds)


def test_an_app_can_enrol_the_secret() -> None:
    uri = urlsplit(onetime.enrolment(FACTOR, "ada", "lab"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert parse_qs(uri.query)["secret"] == [FACTOR]
