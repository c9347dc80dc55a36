"""Which address a new pod gets: 127.L.R.64 to .254, each used again as late as possible."""

from collections.abc import Collection
from pathlib import Path

from infctl.lab import addresses


class NoAddressLeft(Exception):
    """All 191 addresses of a region are taken."""


def next_address(prefix: str, last: str, taken: Collection[str]) -> str:
    """The first free address after `last`, going round; `prefix` is `127.L.R`."""
    count = addresses.LAST_POD - addresses.FIRST_POD + 1
    try:
        start = int(last.rpartition(".")[2]) - addresses.FIRST_POD + 1
    except ValueError:
        start = 0
    for step in range(count):
        address = f"{prefix}.{addresses.FIRST_POD + (start + step) % count}"
        if address not in taken:
            return address
    raise NoAddressLeft(f"all {count} pod addresses of {prefix}.0 are taken")


class Allocation:
    """Gives addresses; the last one given is on disk, so that a new agent goes on after it."""

    def __init__(self, prefix: str, path: Path) -> None:
        self._prefix = prefix
        self._path = path
        self._last = path.read_text().strip() if path.exists() else ""

    def give(self, taken: Collection[str]) -> str:
        """An address that is not in `taken`; NoAddressLeft if there is none."""
        self._last = next_address(self._prefix, self._last, taken)
        self._path.write_text(self._last)
        return self._last
