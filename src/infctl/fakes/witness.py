"""The lock's third place, in memory."""

from dataclasses import dataclass, field

from infctl.errors import Conflict, InfctlError
from infctl.fakes.endpoint import Endpoint
from infctl.ports.lock import Holding, Seen


@dataclass
class FakeWitness:
    """One item; without `ensure` there is no table that would take it."""

    name: str = "witness-eu-central-1"
    has_table: bool = False
    holding: Holding | None = None
    version: int = 0
    endpoint: Endpoint = field(init=False)

    def __post_init__(self) -> None:
        self.endpoint = Endpoint(self.name)

    async def read(self) -> Seen:
        """What the item holds now."""
        await self.endpoint.answer()
        self._require_table()
        return self._seen()

    async def write(self, holding: Holding, *, version: str) -> Seen:
        """Put the item where it still has that version."""
        await self.endpoint.answer()
        self._require_table()
        if version != self._seen().version:
            raise Conflict(f"{self.name} is not as it was read")
        self.holding = holding
        self.version += 1
        return self._seen()

    async def ensure(self, *, dry_run: bool = False) -> bool:
        """Make the table; whether it was there already."""
        await self.endpoint.answer()
        had = self.has_table
        self.has_table = had or not dry_run
        return had

    def close(self) -> None:
        """There is nothing to give back."""

    def _require_table(self) -> None:
        if not self.has_table:
            raise InfctlError(f"{self.name}: there is no table", hint="infctl deploy apply")

    def _seen(self) -> Seen:
        return Seen(self.holding, str(self.version) if self.version else "")
