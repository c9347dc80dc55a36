"""A run whose files here do not verify: they are set aside whole, as evidence.

Where the clusters keep a copy that has everything this machine ever acknowledged, the run goes on
from there, once a person says so; else it can only be closed.
"""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from infctl.clients.clock import SystemClock
from infctl.engine.copies import Copy
from infctl.engine.journal import FileJournal, JournalReader, read_journal, spill_path
from infctl.engine.journal.spill import read_spill
from infctl.engine.journal.storage import read_mark, sync_folder
from infctl.errors import InfctlError, JournalError
from infctl.executor.damage import is_of, order_here
from infctl.executor.launch import whoami
from infctl.executor.listing import folded
from infctl.executor.order import Order
from infctl.executor.remote import take_over
from infctl.model.journal import GENESIS, Kind, Record, check_chain
from infctl.platform import Platform

ASIDE = ".set-aside-"
"""Between a run's id and a number: no such name is that of a run."""
_SPILLED = "spilled.jsonl"


def covers(copy: Copy, folder: Path) -> bool:
    """Whether a copy has every record that this machine acknowledged, spilled ones included."""
    try:
        spilled = read_spill(spill_path(folder.name))
        return _covers(copy.records, spilled) and _covers_own(copy.records, folder)
    except (InfctlError, OSError):
        return False


def _covers(records: Sequence[Record], known: Sequence[Record]) -> bool:
    """Whether the last of the known records is among them, at its place."""
    if not known:
        return True
    last = known[-1]
    return last.seq <= len(records) and records[last.seq - 1].digest == last.digest


def _covers_own(records: Sequence[Record], folder: Path) -> bool:
    """By the mark; where that is what was damaged, by rows that are whole and reach as far."""
    seq, digest = _marked(read_mark(folder))
    if digest and seq <= len(records) and records[seq - 1].digest == digest:
        return True
    reader = JournalReader(folder)
    try:
        rows = reader.fresh()
    finally:
        reader.close()
    return bool(rows) and not check_chain(rows) and seq <= len(rows) and _covers(records, rows)


def _marked(mark: bytes) -> tuple[int, str]:
    """The number and digest in a mark; 0 and nothing where it is none."""
    try:
        seq, digest = int(mark[:20]), mark[21:85].decode("ascii")
    except ValueError:
        return 0, ""
    return (seq, digest) if seq > 0 and len(digest) == len(GENESIS) else (0, "")


def set_aside(folder: Path) -> Path:
    """Rename the folder, its spilled records with it; JournalError where that cannot be done."""
    numbers = range(1, 1000)
    names = (folder.with_name(f"{folder.name}{ASIDE}{number}") for number in numbers)
    aside = next(name for name in names if not name.exists())
    spilled = spill_path(folder.name)
    try:
        folder.rename(aside)
        if spilled is not None and spilled.is_file():
            shutil.move(spilled, aside / _SPILLED)
        sync_folder(folder.parent)
    except OSError as error:
        raise JournalError(
            f"{folder} cannot be set aside: {error.strerror}", hint=f"ls -ld {folder.parent}"
        ) from error
    return aside


def put_back(aside: Path, folder: Path) -> None:
    """Undo `set_aside`."""
    aside.rename(folder)
    spilled = spill_path(folder.name)
    if spilled is not None and (folder / _SPILLED).exists():
        shutil.move(folder / _SPILLED, spilled)


def carry_on_from(copy: Copy, folder: Path, platform: Platform, damage: str) -> Path:
    """Set the damaged folder aside and write the run anew from its copy; where it was put.

    Only while the caller has the run's lock. JournalError where the copy lacks something.
    """
    run = folder.name
    if not covers(copy, folder):
        raise JournalError(
            f"no cluster has all that run {run} wrote here, and here {damage}",
            hint=f"infctl runs abandon {run} --reason WHY",
            unchanged="nothing was touched",
        )
    aside = set_aside(folder)
    try:
        written = take_over(copy, platform)
    except InfctlError:
        put_back(aside, folder)
        raise
    evidence = f"{damage}: set aside by {whoami()} as {aside.name}, and carried on from a copy"
    _note(written, copy, evidence)
    return aside


def _note(folder: Path, copy: Copy, evidence: str) -> None:
    journal = FileJournal(
        folder,
        run=copy.order.run,
        plan_digest=copy.order.plan.digest,
        actor=whoami(),
        clock=SystemClock(),
        fence=copy.view.fence,
    )
    try:
        journal.append(Kind.OBSERVED, result={"evidence": [evidence]})
    finally:
        journal.close()


def remains(folder: Path, copy: Copy | None) -> tuple[Order, tuple[Record, ...]] | None:
    """The order and the most records that are whole, here or in the clusters; None without any."""
    here = _whole(folder)
    there = () if copy is None else copy.records
    records = here if len(here) > len(there) else there
    orders = (None if copy is None else replace(copy.order, report=None), order_here(folder))
    fitting = (o for o in orders if o is not None and is_of(records, o))
    order = next(fitting, None) or _order_of(records)
    return None if order is None else (order, records)


def _order_of(records: Sequence[Record]) -> Order | None:
    """What the journal itself tells of the order: enough to close the run."""
    view = folded(records)
    if view.plan is None:
        return None
    return Order(view.run, view.plan, Path("/nowhere"), view.plan.environment, view.actor)


def _whole(folder: Path) -> tuple[Record, ...]:
    try:
        records = read_journal(folder)
        folded(records)
    except InfctlError:
        return ()
    return records
