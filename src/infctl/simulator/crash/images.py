"""Opens the disks that a power cut may leave: is all there that was acknowledged?"""

import hashlib
import random
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infctl.clients.clock import SystemClock
from infctl.engine.journal import DATABASE, FileJournal, read_journal
from infctl.errors import JournalError
from infctl.model.journal import Kind, Record
from infctl.simulator.crash.disk import Image, Survival, draw_image
from infctl.simulator.crash.findings import CORRUPT, LOST, STUCK, Finding
from infctl.simulator.crash.recording import Recording
from infctl.simulator.crash.rehearsal import RUN
from infctl.simulator.crash.trials import own_folder
from infctl.simulator.crash.victim import ACTOR

_TRIES = 40
"""Draws per wanted image, before it is believed that there are no others."""


@dataclass(frozen=True, slots=True)
class Look:
    """One image looked at; `in_doubt` where infctl says that it will not go on by itself."""

    found: tuple[Finding, ...] = ()
    in_doubt: bool = False


def draw_images(
    recording: Recording, wanted: int, prefix: str, seed: int
) -> Iterator[tuple[str, Image]]:
    """Different disks with the names that repeat them; fewer than wanted where there are not more.

    Cuts are drawn without repeats until every moment had its turn, then anew.
    """
    chance = random.Random(f"{prefix}/{seed}")  # noqa: S311 - repeatable, no secret
    seen: set[str] = set()
    moments: list[int] = []
    for number in range(wanted * _TRIES):
        if len(seen) == wanted:
            return
        if not moments:
            moments = list(range(1, len(recording.calls) + 1))
            chance.shuffle(moments)
        cut, survival = moments.pop(), chance.choice(list(Survival))
        image = draw_image(recording.calls, cut, survival, f"{prefix}/{seed}/{number}")
        print_ = _fingerprint(image)
        if print_ not in seen:
            seen.add(print_)
            yield f"{prefix}/{number}", image


def _fingerprint(image: Image) -> str:
    digest = hashlib.sha256(str(image.acknowledged).encode())
    for name, content in sorted(image.files.items()):
        digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def look(name: str, image: Image, truth: Sequence[Record], parent: Path) -> Look:
    """Write one image out, read the journal as `infctl runs show` does, go on as a resume does."""
    with own_folder(parent) as folder:
        for file, content in image.files.items():
            (folder / file).write_bytes(content)
        spare = folder.with_suffix(".raw")
        shutil.copytree(folder, spare)
        try:
            return _judge(name, image, truth, folder, spare)
        finally:
            shutil.rmtree(spare, ignore_errors=True)


def _judge(name: str, image: Image, truth: Sequence[Record], folder: Path, spare: Path) -> Look:
    try:
        records = read_journal(folder)
    except JournalError as error:
        bodies = _rows(spare)
        if _is_beginning(bodies, truth) and len(bodies) >= image.acknowledged:
            return Look(in_doubt=True)
        return Look((Finding(name, LOST, error.what),), in_doubt=True)
    bodies = [record.canonical for record in records]
    if not _is_beginning(bodies, truth):
        return Look((Finding(name, CORRUPT, "records that nobody wrote were accepted"),))
    if len(bodies) < image.acknowledged:
        what = f"{image.acknowledged} records were acknowledged, {len(bodies)} are there"
        return Look((Finding(name, LOST, what),))
    return _go_on(name, records, truth, folder)


def _go_on(name: str, records: Sequence[Record], truth: Sequence[Record], folder: Path) -> Look:
    digest = truth[0].plan_digest
    try:
        journal = FileJournal(folder, run=RUN, plan_digest=digest, actor=ACTOR, clock=SystemClock())
        try:
            journal.append(Kind.LEASE if records else Kind.PLAN)
        finally:
            journal.close()
        after = read_journal(folder)
    except JournalError as error:
        return Look((Finding(name, STUCK, f"read, but cannot be gone on with: {error.what}"),))
    if after[:-1] != tuple(records):
        return Look((Finding(name, CORRUPT, "opening it changed what it holds"),))
    return Look()


def _is_beginning(bodies: Sequence[str], truth: Sequence[Record]) -> bool:
    written = [record.canonical for record in truth[: len(bodies)]]
    return len(bodies) <= len(truth) and list(bodies) == written


def _rows(folder: Path) -> list[str]:
    """What the database holds, whatever infctl thinks of it."""
    path = folder / DATABASE
    if not path.exists():
        return []
    try:
        db = sqlite3.connect(path)
        try:
            found = db.execute("SELECT body FROM records ORDER BY seq").fetchall()
        finally:
            db.close()
    except sqlite3.Error:
        return []
    return [str(body) for (body,) in found]
