"""Endpoints and programs in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from infctl.errors import Refused
from infctl.fakes.endpoint import Endpoint
from infctl.ports.calls import Finished, Reply


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the endpoint saw it."""

    endpoint: str
    method: str
    path: str
    body: str
    key: str


@dataclass
class FakeHttp:
    """An endpoint per name that keeps what is put at its paths, and honours Idempotency-Key."""

    names: frozenset[str] = frozenset({"billing"})
    content: dict[tuple[str, str], str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    server: Endpoint = field(default_factory=lambda: Endpoint("the endpoint"))

    async def call(
        self, endpoint: str, method: str, path: str, body: str, key: str, timeout: float
    ) -> Reply:
        """One request; PUT and POST keep the body, DELETE drops it, GET shows it."""
        del timeout
        if endpoint not in self.names:
            raise Refused(f"there is no endpoint {endpoint}", unchanged="nothing was called")
        await self.server.answer()
        self.calls.append(Call(endpoint, method, path, body, key))
        place = (endpoint, path)
        if method == "GET":
            found = self.content.get(place)
            return Reply(404, "") if found is None else Reply(200, found)
        if method == "DELETE":
            self.content.pop(place, None)
        else:
            self.content[place] = body
        return Reply(200, "")


Program = Callable[[Sequence[str]], Finished]


@dataclass
class FakeCommands:
    """Programs as functions of their arguments; `started` keeps every argv, `keys` the keys."""

    programs: dict[str, Program] = field(default_factory=lambda: {"true": _true, "echo": _echo})
    started: list[tuple[str, ...]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    async def run(
        self, program: str, arguments: Sequence[str], timeout: float, key: str = ""
    ) -> Finished:
        """One program to its end."""
        del timeout
        if program not in self.programs:
            raise Refused(f"there is no program {program}", unchanged="nothing was started")
        self.started.append((program, *arguments))
        self.keys.append(key)
        return self.programs[program](arguments)


def _true(arguments: Sequence[str]) -> Finished:
    del arguments
    return Finished(0, "", "")


def _echo(arguments: Sequence[str]) -> Finished:
    return Finished(0, " ".join(arguments) + "\n", "")
