"""Where labs are on disk, and which number a new one gets."""

import fcntl
import os
import re
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from infctl.lab import addresses
from infctl.lab.errors import BadName, Busy, LabError

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
# The kernel's limit for the path of a unix socket is 108 bytes with its closing zero.
_LONGEST_SOCKET = 107


def state_root() -> Path:
    """infctl's folder for what must outlive a command: $XDG_STATE_HOME/infctl."""
    given = os.environ.get("XDG_STATE_HOME", "")
    base = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state"
    return base / "infctl"


def state_of(name: str) -> Path:
    """The folder of the lab of that name, whether it is there or not."""
    if not _NAME.fullmatch(name):
        raise BadName(
            f"{name!r} is no name of a lab: letters a-z, digits and hyphens, 32 at most",
            "infctl lab up --name blue",
        )
    state = state_root() / "labs" / name
    if len(os.fsencode(state / "admin.sock")) > _LONGEST_SOCKET:
        raise LabError(
            f"the path {state} is too long for a unix socket",
            "set XDG_STATE_HOME to a folder with a shorter path",
        )
    return state


def names() -> list[str]:
    """The labs that have a folder here."""
    folder = state_root() / "labs"
    return sorted(p.parent.name for p in folder.glob("*/lab.json")) if folder.is_dir() else []


@contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Hold the right to start or stop the lab of that name; LabError if another command does."""
    folder = state_root() / "labs"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{name}.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Who held it before may have removed the file that we opened.
            is_current = path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())
        except (BlockingIOError, FileNotFoundError):
            is_current = False
        if not is_current:
            raise Busy(
                f"another command is starting or stopping the lab {name}",
                f"infctl lab status --name {name}",
            )
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def claim_number(
    wanted: int | None = None, avoid: Collection[int] = ()
) -> tuple[int, socket.socket]:
    """A free lab number and the claim on it, which lasts as long as the socket is open anywhere.

    `avoid` are numbers whose labs are down and keep data that belongs to them.

    The claim is a name in Linux's abstract socket namespace: like the addresses themselves it is
    common to all users of a machine, and the kernel drops it with the last process that holds it.
    """
    numbers = [wanted] if wanted else range(addresses.FIRST_LAB, addresses.LAST_LAB + 1)
    for number in numbers:
        if number in avoid and number != wanted:
            continue
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claim.bind(f"\0infctl-lab-{number}")
        except OSError:
            claim.close()
            continue
        if wanted or _seems_free(number):
            return number, claim
        claim.close()
    if wanted:
        raise LabError(f"another lab has 127.{wanted}.0.0/16, to which the kept data belongs")
    raise LabError("no lab number is free", "infctl lab status; infctl lab down")


def _seems_free(number: int) -> bool:
    """Whether the first addresses can be bound; what a killed lab left running takes them."""
    samples = [
        (addresses.shared(number, "moto"), addresses.MOTO_PORT),
        (addresses.shared(number, "dns"), addresses.DNS_PORT),
        (addresses.edge(number, 1, "api"), addresses.API_PORT),
        (addresses.inner(number, 1, "etcd"), addresses.ETCD_PORT),
    ]
    return all(can_bind(host, port) for host, port in samples)


def can_bind(host: str, port: int) -> bool:
    """Whether a TCP server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if family == socket.AF_INET6 and not socket.has_ipv6:
        return False
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
