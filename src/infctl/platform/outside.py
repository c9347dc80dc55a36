"""Sections of the access file for what lies outside of the platform: routes, endpoints, programs.

All three are off until the file names one; runbooks can only pick from these names.
"""

import ipaddress
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from infctl.platform.sections.base import Section

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9-]{1,63})*")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_STEERING = ("LD_", "PYTHON", "BASH", "PERL", "RUBY", "NODE_", "GCONV_PATH", "IFS", "ENV")
"""Beginnings of variables that make a program load other code."""


def check_place(value: str) -> str:
    """SCHEME://HOST[:PORT] and nothing else, whose host everybody reads in the same way."""
    if any(not "!" <= c <= "~" for c in value):
        # Python's own reader drops line breaks in silence; others do not.
        raise ValueError("not a plain URL")
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError("not a URL") from None
    if parts.scheme not in ("http", "https") or not _is_host(parts.hostname or ""):
        raise ValueError("not http(s)://HOST[:PORT] with a plain name or address")
    is_bare = parts.path in ("", "/") and not (parts.query or parts.fragment)
    if not is_bare or "@" in parts.netloc or "?" in value or "#" in value or "\\" in value:
        raise ValueError("more than http(s)://HOST[:PORT]")
    return value


def check_webhook(value: str) -> str:
    """As a place, with a path and a query."""
    parts = urlsplit(value)
    check_place(f"{parts.scheme}://{parts.netloc}")
    if parts.fragment or not value.isascii() or any(not "!" <= c <= "~" for c in value):
        raise ValueError("not a plain URL")
    return value


def _is_host(host: str) -> bool:
    """A name, or an address as it is always written: not 127.1, 0x7f000001 or 2130706433."""
    try:
        return str(ipaddress.ip_address(host)) == host
    except ValueError:
        last = host.rpartition(".")[2]
        is_number = last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last) is not None
        return _HOST.fullmatch(host) is not None and not is_number


def check_program(value: str) -> str:
    """An absolute path without surprises."""
    if not value.startswith("/") or "\0" in value or "/../" in f"{value}/":
        raise ValueError("not an absolute path")
    return value


def check_environment(value: dict[str, str]) -> dict[str, str]:
    """Variables by which no program can be made to load something else."""
    for name, text in value.items():
        if _VARIABLE.fullmatch(name) is None or name.startswith(_STEERING) or "\0" in text:
            raise ValueError(f"{name[:40]} cannot be set")
    return value


class RouteAccess(Section):
    """A way to people: a webhook with its URL, or an SNS topic."""

    kind: Literal["webhook", "sns"]
    url: Annotated[SecretStr, Field(max_length=2048)] | None = None
    """Kept secret: who knows a chat's webhook can write there."""
    topic: (
        Annotated[
            str, Field(max_length=512, pattern=r"^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[\w.-]+$")
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _has_its_place(self) -> "RouteAccess":
        is_webhook = self.kind == "webhook"
        if (self.url is None) == is_webhook or (self.topic is None) != is_webhook:
            raise ValueError("a webhook needs url, sns needs topic, and neither the other's")
        if self.url is not None:
            check_webhook(self.url.get_secret_value())
        return self


class EndpointAccess(Section):
    """An HTTP endpoint that runbooks may call: scheme, host and port are fixed here."""

    url: Annotated[str, Field(max_length=512), AfterValidator(check_place)]
    token: SecretStr | None = None


class ProgramAccess(Section):
    """A program that runbooks may run, by its absolute path."""

    path: Annotated[str, Field(max_length=4096), AfterValidator(check_program)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    environment: Annotated[
        dict[str, str], Field(max_length=32), AfterValidator(check_environment)
    ] = Field(default_factory=dict)
