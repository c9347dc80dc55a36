"""What runbooks may call outside the platform: named HTTP endpoints and allow-listed programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; the body is text, cut at 64 KiB."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


class HttpCaller(Protocol):
    """Calls endpoints that the environment names; never follows a redirect."""

    async def call(
        self, endpoint: str, method: str, path: str, body: str, key: str, timeout: float
    ) -> Reply:
        """One request with `key` as Idempotency-Key; Refused where no endpoint has that name."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that ended: exit code, and both outputs as text, each cut at 64 KiB."""

    code: int
    stdout: str
    stderr: str


class CommandRunner(Protocol):
    """Starts programs that the environment allows by name and absolute path; never a shell."""

    async def run(
        self, program: str, arguments: Sequence[str], timeout: float, key: str = ""
    ) -> Finished:
        """One program to its end; Refused where its name is not allowed.

        It finds `key` in its environment as INFCTL_IDEMPOTENCY_KEY, so that it can tell whether it
        has done this before.
        """
