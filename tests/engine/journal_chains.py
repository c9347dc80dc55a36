"""Records without a journal: whole chains, and chains that go another way from a record on."""

from infctl.model.journal import GENESIS, VERSION, Kind, Record


def chain(*kinds: Kind, run: str = "01run", after: tuple[Record, ...] = ()) -> tuple[Record, ...]:
    """One record of each kind, the first behind `after`."""
    found: list[Record] = []
    prev = after[-1].digest if after else GENESIS
    for seq, kind in enumerate(kinds, len(after) + 1):
        record = _record(seq, prev, kind, run)
        prev = record.digest
        found.append(record)
    return tuple(found)


def _record(seq: int, prev: str, kind: Kind, run: str) -> Record:
    return Record(
        v=VERSION,
        seq=seq,
        prev=prev,
        run=run,
        plan_digest="d" * 64,
        step=None,
        attempt=0,
        kind=str(kind),
        fence=0,
        actor="tester",
        at=float(seq),
        boottime=float(seq),
        key="",
        before=None,
        args=None,
        result=None,
        undo=None,
    )


def lines(records: tuple[Record, ...]) -> str:
    """As they stand in a spill."""
    return "".join(f"{record.canonical}\n" for record in records)
