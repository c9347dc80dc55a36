"""Clients in memory: requests at the rate of their shape, by the clock that they are given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from infctl.content.load_shape import apportion, rate_at
from infctl.fakes.clock import FakeClock
from infctl.ports.clock import Clock
from infctl.ports.load import LoadRequest, RequestRecord

TOOK = 0.02
"""Seconds that every request takes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request got: from which region, at which address, with which status."""

    region: str
    address: str
    status: int = 200


@dataclass
class _Run:
    request: LoadRequest
    next: float
    began: float
    ended: float | None = None
    records: list[RequestRecord] = field(default_factory=list)


@dataclass
class FakeLoad:
    """`reply` is asked for each request when the log is read, so read it as the world changes."""

    clock: Clock = field(default_factory=FakeClock)
    reply: Callable[[], Reply] = lambda: Reply("eu-west-1", "192.0.2.1")
    _runs: dict[str, _Run] = field(default_factory=dict)

    async def start(self, request: LoadRequest) -> str:
        """Start clients, or find those that write this log already."""
        known = self._runs.get(str(request.log))
        if known is None or known.ended is not None:
            records = known.records if known else []
            began = self.clock.wall()
            run = _Run(request, began, began, records=records)
            self._runs[str(request.log)] = run
        return str(request.log)

    async def stop(self, load_id: str) -> None:
        """Stop clients; unknown ids are stopped."""
        run = self._runs.get(load_id)
        if run and run.ended is None:
            self._catch_up(run)
            run.ended = self.clock.wall()

    def read(self, log: Path) -> list[RequestRecord]:
        """The log so far."""
        run = self._runs.get(str(log))
        if run is None:
            return []
        self._catch_up(run)
        return list(run.records)

    def _catch_up(self, run: _Run) -> None:
        until = self.clock.wall()
        while run.ended is None and run.next + TOOK <= until:
            run.records.append(self._make(run, run.next))
            run.next += 1 / rate_at(run.request.shape, run.request.rate, run.next - run.began)

    def _make(self, run: _Run, started: float) -> RequestRecord:
        reply = self.reply()
        number = len(run.records) % run.request.users
        client = f"client-0/{number}"
        country = apportion(run.request.users, run.request.countries)[number]
        ok = 200 <= reply.status < 300
        region = reply.region if ok else ""
        return RequestRecord(
            *(client, started, started + TOOK, ok, reply.status, region, reply.address),
            country=country,
        )
