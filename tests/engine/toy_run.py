"""Runs plans over the toy world, with a journal in memory that can die at any write."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toy_world import Crash, Toy

from infctl.content.facts import Facts
from infctl.engine.decisions import Decisions
from infctl.engine.handler import Context
from infctl.engine.machine import Machine, OnFailure
from infctl.model.folding import Folding
from infctl.model.journal import GENESIS, VERSION, Kind, Record
from infctl.model.plan import Plan
from infctl.model.run import RunState, RunView, fold
from infctl.observe.addresses import read_addresses
from infctl.observe.snapshot import Target, observe
from infctl.platform import Platform, load

ROOT = Path(__file__).parents[2]


@dataclass
class MemoryJournal:
    """Records in a list; `hook` is called before and after each write and may raise."""

    toy: Toy
    run: str = "toy"
    digest: str = ""
    hook: Callable[[str], None] = lambda _: None
    written: list[Record] = field(default_factory=list)
    dead: bool = False
    folding: Folding = field(default_factory=Folding)

    def append(
        self,
        kind: Kind,
        *,
        step: str | None = None,
        attempt: int = 0,
        key: str = "",
        before: Any = None,
        args: Any = None,
        result: Any = None,
        undo: Any = None,
    ) -> Record:
        if self.dead:
            raise Crash
        self._call(f"before {kind} {step}")
        record = Record(
            VERSION,
            len(self.written) + 1,
            self.written[-1].digest if self.written else GENESIS,
            self.run,
            self.digest,
            step,
            attempt,
            str(kind),
            0,
            "tester",
            self.toy.clock.wall(),
            self.toy.clock.boottime(),
            key,
            before,
            args,
            result,
            undo,
        )
        self.written.append(record)
        self._call(f"after {kind} {step}")
        return record

    def records(self) -> tuple[Record, ...]:
        return tuple(self.written)

    def view(self) -> RunView:
        return self.folding.view(self.written)

    def _call(self, what: str) -> None:
        try:
            self.hook(what)
        except Crash:
            self.dead = True
            raise


def platform() -> Platform:
    return load(ROOT / "platform.yaml")


async def facts_of(toy: Toy) -> Facts:
    world = toy.world()
    chosen = platform()
    service = chosen.service
    target = Target(service.name, service.host, service.zone, chosen.region_names)
    snapshot = await observe(world, target)
    addresses = await read_addresses(world, service.zone, service.host, 4.0)
    return Facts(chosen, snapshot, addresses.found, unread=addresses.unread)


def begin(toy: Toy, plan: Plan) -> MemoryJournal:
    journal = MemoryJournal(toy, digest=plan.digest)
    journal.append(Kind.PLAN, args=plan.to_json())
    return journal


async def carry(
    toy: Toy,
    plan: Plan,
    journal: MemoryJournal,
    *,
    decisions: Decisions | None = None,
    on_failure: OnFailure = "pause",
    folder: Path = Path("/nowhere"),
) -> tuple[RunState, str]:
    """One executor's life: a lease, then the machine until it ends or dies."""
    journal.append(Kind.LEASE, args={"pid": 1})
    context = Context(toy.world(), folder, "toy", "tester", lambda: fold(journal.records()))
    machine = Machine(plan, journal, context, decisions or Decisions(), on_failure=on_failure)
    return await machine.run()
