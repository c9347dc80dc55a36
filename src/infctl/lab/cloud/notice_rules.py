"""SNS over HTTP: what is signed, where a notice may go, when it is tried again. Pure.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html.
"""

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}
MOST_TRIES: Final = 50
_AT_ONCE, _A_SECOND_APART, _GROWING = 3, 2, 10
_LONGEST_PAUSE = 20.0


def text_to_sign(document: Mapping[str, str]) -> str:
    """Names and values of the signed fields that are there, each on a line of its own."""
    names = _SIGNED[document["Type"]]
    return "".join(f"{name}\n{document[name]}\n" for name in names if name in document)


def pause_before(attempt: int) -> float | None:
    """Seconds before the second, third... try of a notice; None after the last (SNS's default)."""
    if attempt >= MOST_TRIES:
        return None
    if attempt <= _AT_ONCE:
        return 0.0
    if attempt <= _AT_ONCE + _A_SECOND_APART:
        return 1.0
    growing = attempt - _AT_ONCE - _A_SECOND_APART
    return min(2.0**growing, _LONGEST_PAUSE) if growing <= _GROWING else _LONGEST_PAUSE


def endpoint_fault(endpoint: str, protocol: str) -> str:
    """Why the lab does not deliver to an address; empty where it does: http, loopback alone."""
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "Endpoint is no address"
    if protocol != parts.scheme:
        return f"Endpoint must match the specified protocol {protocol}"
    if protocol != "http":
        return "the lab delivers by http alone"
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    return "" if local else "the lab delivers to loopback addresses alone"
