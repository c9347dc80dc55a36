"""A name server in memory, which answers from the records of a FakeNames."""

from dataclasses import dataclass, field

from infctl.errors import InfctlError
from infctl.fakes.endpoint import Endpoint
from infctl.fakes.names import FakeNames
from infctl.ports.cloud import Record
from infctl.ports.names import Answer


@dataclass
class FakeResolver:
    """Weighted records in turn, by their weights; where none is healthy, all are (fail-open)."""

    names: FakeNames
    endpoint: Endpoint = field(default_factory=lambda: Endpoint("the name server"))
    _owed: dict[str, int] = field(default_factory=dict)

    async def resolve(self, name: str) -> Answer:
        """One A query."""
        await self.endpoint.answer()
        chosen = self.choose(name)
        return Answer(chosen.values, chosen.ttl, self.names.clock.wall())

    def choose(self, name: str) -> Record:
        """The record set of the next answer."""
        host = name.rstrip(".")
        zone = next((z for z in self.names.zones if host == z or host.endswith(f".{z}")), "")
        found = [r for r in self._records(zone) if r.name == host and r.type == "A"]
        if not found:
            raise InfctlError(f"the name service does not know {name}")
        return self._take_turn(self._alive(zone, found))

    def _records(self, zone: str) -> list[Record]:
        return self.names.records.get(self.names.zones.get(zone, ""), [])

    def _alive(self, zone: str, records: list[Record]) -> list[Record]:
        alive = [r for r in records if self._is_alive(zone, r)] or records
        return [r for r in alive if r.weight] or alive

    def _is_alive(self, zone: str, record: Record) -> bool:
        # Route 53 takes a check that said nothing yet for healthy.
        return not record.health_check or (
            self.names.is_healthy(zone, record.health_check) is not False
        )

    def _take_turn(self, records: list[Record]) -> Record:
        """Smooth weighted turns, so that a test need not throw dice."""
        for record in records:
            owed = self._owed.get(record.set_identifier, 0)
            self._owed[record.set_identifier] = owed + max(record.weight, 1)
        chosen = max(records, key=lambda r: self._owed[r.set_identifier])
        self._owed[chosen.set_identifier] -= sum(max(r.weight, 1) for r in records)
        return chosen
