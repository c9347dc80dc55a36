"""Notification routes in memory."""

from dataclasses import dataclass, field

from infctl.errors import InfctlError, Refused
from infctl.fakes.endpoint import Endpoint
from infctl.ports.notices import Notice


@dataclass
class FakeNotices:
    """Routes that take each notice once; one that does not answer leaves it in the outbox."""

    routes: dict[str, Endpoint] = field(default_factory=lambda: {"on-call": Endpoint("on-call")})
    taken: dict[tuple[str, str], Notice] = field(default_factory=dict)
    outbox: dict[tuple[str, str], Notice] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """The routes."""
        return tuple(self.routes)

    async def send(self, route: str, notice: Notice) -> str:
        """Hand a notice to a route, with all that waits."""
        if route not in self.routes:
            raise Refused(f"there is no route {route}", unchanged="nothing was sent")
        if (route, notice.key) not in self.taken:
            self.outbox[(route, notice.key)] = notice
        await self.flush()
        return "sent" if (route, notice.key) in self.taken else "queued: no answer"

    async def sent(self, key: str) -> tuple[str, ...]:
        """The routes that took a notice of that key."""
        await self.flush()
        return tuple(sorted(route for route, found in self.taken if found == key))

    async def flush(self) -> int:
        """Send what waits; returns how many notices still do."""
        for route, key in list(self.outbox):
            try:
                await self.routes[route].answer()
            except InfctlError:
                continue
            if (route, key) in self.outbox:
                # Another sender may have handed it over while this one waited.
                self.taken[(route, key)] = self.outbox.pop((route, key))
        return len(self.outbox)
