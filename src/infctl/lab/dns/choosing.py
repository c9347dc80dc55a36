"""Which records of a name answer a client: policies, health, aliases. Pure but for the dice."""

from collections.abc import Callable, Sequence
from random import Random

from infctl.lab.dns.places import Place
from infctl.lab.dns.policies import PLACED, Circumstances, UnknownPolicy, choose
from infctl.lab.dns.records import Alias, RecordSet, Zone

LONGEST_CHAIN = 8


class Choosing:
    """One question's way through a zone; `tailored` once a choice went by the client's place."""

    def __init__(
        self, zone: Zone, healthy: Callable[[str], bool], chance: Random, place: Place | None
    ) -> None:
        self.zone = zone
        self.tailored = False
        self._healthy = healthy
        self._circumstances = Circumstances(self._is_alive, chance, place)

    def choose(self, name: str, kind: str, depth: int = 0) -> list[RecordSet]:
        """The sets with values that answer; none where there are none, or none for this client.

        UnknownPolicy where that cannot be told.
        """
        if depth > LONGEST_CHAIN:
            raise UnknownPolicy("aliases lead back to themselves")
        sets = self.zone.sets_of(name, kind)
        if not sets:
            return []
        self.tailored = self.tailored or sets[0].policy in PLACED
        found: list[RecordSet] = []
        for item in choose(sets, self._circumstances):
            if item.alias:
                found += self.choose(self._target(item.alias), kind, depth + 1)
            else:
                found.append(item)
        return found

    def _is_alive(self, item: RecordSet, depth: int = 0) -> bool:
        """Its own health check and, where it evaluates its alias, one healthy set behind that."""
        if item.health_check and not self._healthy(item.health_check):
            return False
        if item.alias is None or not item.alias.evaluates or depth > LONGEST_CHAIN:
            return True
        behind: Sequence[RecordSet] = self.zone.sets_of(self._target(item.alias), item.type)
        return any(self._is_alive(each, depth + 1) for each in behind)

    def _target(self, alias: Alias) -> str:
        if alias.zone != self.zone.id:
            raise UnknownPolicy(f"{alias.name} is not in this zone")
        return alias.name
