"""What a disk may hold after a power cut: pure functions of the calls that were made on its files.

A disk keeps what was synced. Of the rest it keeps whatever it likes: nothing, everything, a
beginning whose last write is torn, or any 512-byte sectors of any writes.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

SECTOR = 512
_NAMING = ("unlink", "rename")


@dataclass(frozen=True, slots=True)
class Change:
    """One call on one file: create, write, truncate, rename or unlink.

    `offset` is the place of a write or the size of a truncation in bytes, `data` what is written,
    or the new name.
    """

    what: str
    file: str
    offset: int = 0
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Sync:
    """A file, or with an empty name the folder, reached the disk."""

    file: str = ""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The journal returned from append: record `seq` must never be lost from here on."""

    seq: int


Call = Change | Sync | Acknowledged


class Survival(StrEnum):
    """What survives of the changes that were not synced."""

    NONE = "none"
    ALL = "all"
    TORN = "torn"
    SCATTERED = "scattered"


@dataclass(frozen=True, slots=True)
class Image:
    """The files of one possible disk, and how many records were acknowledged by then."""

    files: dict[str, bytes]
    acknowledged: int
    cut: int
    survival: Survival


@dataclass(slots=True)
class _Disk:
    """Files as they are on disk, and the changes that are not certain yet."""

    files: dict[str, bytearray] = field(default_factory=dict)
    pending: list[Change] = field(default_factory=list)

    def sync(self, file: str) -> None:
        """Make certain: a file's content with its creation, or the folder's names."""
        if file:
            certain = [c for c in self.pending if c.file == file and c.what not in _NAMING]
        else:
            certain = [c for c in self.pending if c.what in ("create", *_NAMING)]
        for change in certain:
            self.apply(change)
        self.pending = [c for c in self.pending if c not in certain]

    def apply(self, change: Change) -> None:
        """One change, on disk; a write to a file whose name did not get there is gone."""
        if change.what == "create":
            self.files.setdefault(change.file, bytearray())
        elif change.what == "unlink":
            self.files.pop(change.file, None)
        elif change.what == "rename" and change.file in self.files:
            self.files[change.data.decode()] = self.files.pop(change.file)
        elif change.file in self.files:
            content = self.files[change.file]
            if change.what == "truncate":
                _resize(content, change.offset)
            else:
                _overwrite(content, change.offset, change.data)


def draw_image(calls: Sequence[Call], cut: int, survival: Survival, seed: str) -> Image:
    """The disk when the power is cut before `calls[cut]`."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    disk = _Disk()
    acknowledged = 0
    for call in calls[:cut]:
        if isinstance(call, Acknowledged):
            acknowledged = call.seq
        elif isinstance(call, Sync):
            disk.sync(call.file)
        else:
            disk.pending.append(call)
    for change in _survivors(disk.pending, survival, chance):
        disk.apply(change)
    files = {name: bytes(content) for name, content in disk.files.items()}
    return Image(files, acknowledged, cut, survival)


def _survivors(
    pending: Sequence[Change], survival: Survival, chance: random.Random
) -> Iterable[Change]:
    if survival is Survival.NONE or not pending:
        return []
    if survival is Survival.ALL:
        return pending
    if survival is Survival.TORN:
        last = chance.randrange(len(pending))
        whole = _sectors(pending[last])
        return [*pending[:last], *whole[: chance.randrange(len(whole) + 1)]]
    return [part for c in pending for part in _sectors(c) if chance.random() < 0.5]


def _sectors(change: Change) -> list[Change]:
    """A write cut where the disk's sectors end; anything else is whole."""
    if change.what != "write":
        return [change]
    parts = []
    offset, data = change.offset, change.data
    while data:
        size = SECTOR - offset % SECTOR
        parts.append(Change("write", change.file, offset, data[:size]))
        offset, data = offset + size, data[size:]
    return parts


def _resize(content: bytearray, size: int) -> None:
    del content[size:]
    content.extend(bytes(size - len(content)))


def _overwrite(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data
