"""A part of the lab: one process with a health check, a log and a deadline."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

Check = Callable[[], Awaitable[str]]
"""Asks a part whether it is ready: returns "" when it is, else the reason why not."""

Hook = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Part:
    """How the supervisor starts, watches and stops one process.

    `after` names parts that must be ready first. `deadline` is how long it may take to be ready,
    `grace` how long it gets between SIGTERM and SIGKILL (0: SIGKILL at once), both in seconds.
    `on_ready` runs once after each start, before dependents start (definitions, RBAC). Parts are
    stopped in the reverse order of `after`. `environment` is the whole environment of the process.
    `detail` is what `lab status` says of it beside its health. `addresses` are the host:port pairs
    that must be free before it starts.
    """

    name: str
    argv: tuple[str, ...]
    ready: Check
    region: str | None = None
    after: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    deadline: float = 20.0
    grace: float = 2.0
    on_ready: Hook | None = None
    addresses: tuple[str, ...] = ()
    detail: str = ""
