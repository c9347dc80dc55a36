"""Where notices go, what is signed, and when they are tried again."""

import pytest

from infctl.lab.cloud.additions.delays import USUAL_SECONDS, Delays
from infctl.lab.cloud.notice_rules import MOST_TRIES, endpoint_fault, pause_before, text_to_sign


def test_the_pauses_are_those_of_the_vendors_default_policy() -> None:
    pauses = [pause_before(tries) for tries in range(1, MOST_TRIES + 1)]
    assert pauses[:5] == [0.0, 0.0, 0.0, 1.0, 1.0]
    assert pauses[5:15] == [2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0, 20.0, 20.0, 20.0]
    assert set(pauses[15:-1]) == {20.0}
    assert pauses[-1] is None


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:80/x", "http://127.16.0.3/", "http://[::1]:1/", "http://localhost"],
)
def test_loopback_addresses_get_notices(endpoint: str) -> None:
    assert endpoint_fault(endpoint, "http") == ""


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://10.0.0.1/",
        "http://localhost.example.com",
        "http://[::1",
        "http://127.0.0.1:x/",
        "x",
        "",
    ],
)
def test_other_addresses_get_none(endpoint: str) -> None:
    assert endpoint_fault(endpoint, "http")


def test_the_signed_text_holds_the_fields_that_are_there_in_their_order() -> None:
    document = {"Type": "Notification", "Message": "m", "MessageId": "1", "Timestamp": "t"}
    text = text_to_sign({**document, "TopicArn": "a", "Signature": "never"})
    assert text == "Message\nm\nMessageId\n1\nTimestamp\nt\nTopicArn\na\nType\nNotification\n"


def test_the_narrower_delay_counts_and_a_removed_one_does_not() -> None:
    delays = Delays()
    delays.put(("*", "*"), 5)
    delays.put(("us", "*"), 6)
    delays.put(("us", "eu"), 7)
    assert [delays.of(*way) for way in (("x", "y"), ("us", "y"), ("us", "eu"))] == [5, 6, 7]
    assert delays.known() == {("us", "eu")}
    for way in (("*", "*"), ("us", "*"), ("us", "eu")):
        delays.remove(way)
    assert delays.of("us", "eu") == USUAL_SECONDS


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e6])
def test_a_delay_out_of_bounds_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="must be from"):
        Delays().put(("a", "b"), seconds)
