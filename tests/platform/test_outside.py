"""The access file's routes, endpoints and programs: strict, and their secrets never shown."""

from typing import Any

import pytest
from pydantic import ValidationError

from infctl.platform.outside import EndpointAccess, ProgramAccess, RouteAccess


@pytest.mark.parametrize(
    "url",
    [
        "http://billing.example",
        "https://billing.example:8443/",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://169.254.169.254",
    ],
)
def test_an_endpoint_is_a_scheme_a_host_and_a_port(url: str) -> None:
    assert EndpointAccess(url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "billing.example",
        "ftp://billing.example",
        "file:///etc/passwd",
        "http://",
        "http://user:secret@billing.example",
        "http://billing.example/path",
        "http://billing.example?a=b",
        "http://billing.example#a",
        "http://billing.example:port",
        "http://billing.example:99999",
        "http://127.1",
        "http://0x7f000001",
        "http://2130706433",
        "http://0177.0.0.1",
        "http://[::1",
        "http://billing.example\\@evil",
        "http://bil\nling.example",
        "http://b\u0131lling.example",
        "http://-a.example",
        "http://a_b.example",
    ],
)
def test_anything_else_is_no_endpoint(url: str) -> None:
    with pytest.raises(ValidationError):
        EndpointAccess(url=url)


@pytest.mark.parametrize(
    "route",
    [
        {"kind": "webhook"},
        {"kind": "sns"},
        {"kind": "mail", "url": "https://hooks.example/a"},
        {"kind": "webhook", "topic": "arn:aws:sns:us-east-1:123456789012:a"},
        {"kind": "sns", "url": "https://hooks.example/a"},
        {"kind": "sns", "topic": "arn:aws:s3:::bucket"},
        {"kind": "webhook", "url": "https://hooks.example/a b"},
        {"kind": "webhook", "url": "https://127.1/canary"},
        {"kind": "webhook", "url": "https://hooks.example/a", "more": "1"},
    ],
)
def test_a_route_has_its_place_and_nothing_else(route: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        RouteAccess(**route)
    assert "canary" not in str(caught.value)


def test_a_routes_url_is_never_shown() -> None:
    found = RouteAccess(kind="webhook", url="https://hooks.example/canary")  # type: ignore[arg-type]
    assert "canary" not in repr(found)
    assert found.url is not None
    assert found.url.get_secret_value() == "https://hooks.example/canary"


@pytest.mark.parametrize(
    "program",
    [
        {"path": "backup"},
        {"path": "./backup"},
        {"path": "/usr/../tmp/x"},
        {"path": "/usr/bin/x", "sha256": "abc"},
        {"path": "/usr/bin/x", "environment": {"LD_PRELOAD": "/tmp/x"}},
        {"path": "/usr/bin/x", "environment": {"PYTHONPATH": "."}},
        {"path": "/usr/bin/x", "environment": {"BASH_ENV": "x"}},
        {"path": "/usr/bin/x", "environment": {"a b": "x"}},
        {"path": "/usr/bin/x", "environment": {"A": "a\0b"}},
        {"path": "/usr/bin/x", "arguments": ["-c"]},
    ],
)
def test_a_program_is_an_absolute_path_that_nothing_can_steer(program: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ProgramAccess(**program)
