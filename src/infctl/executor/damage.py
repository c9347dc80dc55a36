"""Whether a run can be carried on from its files here, and what they tell where it cannot."""

from collections.abc import Sequence
from pathlib import Path

from infctl.engine.journal import read_journal
from infctl.errors import InfctlError
from infctl.executor.listing import folded
from infctl.executor.order import Order, read_order
from infctl.model.journal import Record


def damage_of(folder: Path) -> str:
    """Why nobody can carry the run on from this folder, or an empty text."""
    try:
        order, records = read_order(folder), read_journal(folder)
        folded(records)
    except InfctlError as error:
        return error.what
    return "" if is_of(records, order) else "plan.json is of another plan than the journal"


def is_of(records: Sequence[Record], order: Order) -> bool:
    """Whether the records are those of the order's plan; none are of any."""
    return all(record.plan_digest == order.plan.digest for record in records[:1])


def order_here(folder: Path) -> Order | None:
    """The order, where `plan.json` is whole."""
    try:
        return read_order(folder)
    except InfctlError:
        return None


def settle_hint(run: str) -> str:
    """What a person types who looked at a run that does not verify."""
    return f"infctl runs resume {run}, or undo it; infctl runs abandon {run} --reason WHY"
