"""The way between an executor and every server: slow, cut, doubled back on, observed."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from infctl.errors import InfctlError, Unreachable
from infctl.simulator.loop import PROCESS, Killed, Process, rest
from infctl.simulator.trace import DOING, Act, Trace

PATIENCE = 2.0
"""Seconds after which clients give up on an answer."""
FENCED = frozenset({"apply", "merge", "create", "delete", "evict"})
"""Writes that clusters hold to fence and precondition."""
_WRITING = frozenset(
    {
        *("apply", "merge", "create", "delete", "evict", "put", "inject", "heal", "start", "stop"),
        *("upsert_record", "replace_record", "delete_record", "send", "write"),
    }
)
Marks = Callable[[], dict[str, Any]]
Judge = Callable[[Act], None]


@dataclass(slots=True)
class Link:
    """One executor's way out: `fence` is what it believes to hold, `strike` meets its faults.

    What is written over a way that is not `judged` (locks) is no act of a run.
    """

    run: str
    process: Process
    strike: Callable[[str, bool], str]
    """Told of a request to a place and whether it changes something; answers with a fault."""
    fence: int = 0
    judged: bool = True


@dataclass(slots=True)
class Network:
    """`cut` and `down` hold regions and the moments until which they cannot be reached."""

    chance: random.Random
    trace: Trace
    sending: Judge
    arrived: Judge
    cut: dict[str, float] = field(default_factory=dict)
    servers: Process = field(default_factory=lambda: Process("servers"))

    def keep_cut(self, place: str, until: float) -> None:
        """Nobody reaches a place until then."""
        self.cut[place] = max(until, self.cut.get(place, 0.0))

    async def ask(
        self, link: Link, place: str, verb: str, marks: Marks, act: Callable[[], Awaitable[Any]]
    ) -> Any:
        """One request there and back."""
        if link.process.dead:
            raise Killed
        writes = link.judged and verb in _WRITING
        fault = link.strike(place, writes)
        if link.process.dead:
            raise Killed
        now = asyncio.get_running_loop().time
        sent = Act(link.run, place, verb, link.fence, now(), DOING.get()) if writes else None
        if sent is not None:
            self.sending(sent)
        await rest(self.chance.uniform(0.002, 0.05))
        if fault == "request_lost" or self.cut.get(place, 0.0) > now():
            await self._give_up(place)
        if fault == "late_request":
            sent = sent or Act(link.run, place, verb, link.fence, now(), DOING.get())
            self._deliver_late(sent, marks, act)
            await self._give_up(place)
        result = await (act() if sent is None else self._arrive(sent, marks, act))
        if fault == "slow_reply":
            await rest(self.chance.uniform(0.2, PATIENCE))
        if writes:
            await rest(self.chance.uniform(0.002, 0.05))
        if fault == "reply_lost" or (writes and self.cut.get(place, 0.0) > now()):
            await self._give_up(place)
        return result

    async def _give_up(self, place: str) -> None:
        await rest(PATIENCE)
        self.trace.disturbed = asyncio.get_running_loop().time()
        raise Unreachable(f"{place} does not answer", hint="infctl status")

    async def _arrive(self, sent: Act, marks: Marks, act: Callable[[], Awaitable[Any]]) -> Any:
        before = marks()
        result = await act()
        after = marks()
        changed = tuple(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
        if changed:
            now = asyncio.get_running_loop().time()
            done = Act(
                sent.run, sent.place, sent.verb, sent.fence, sent.sent, sent.doing, changed, now
            )
            self.trace.acts.append(done)
            self.arrived(done)
        return result

    def _deliver_late(self, sent: Act, marks: Marks, act: Callable[[], Awaitable[Any]]) -> None:
        """Its sender may be gone or overtaken when it arrives."""

        async def arrive() -> None:
            PROCESS.set(self.servers)
            await rest(self.chance.uniform(PATIENCE, 40.0))
            known = len(self.trace.acts)
            try:
                await self._arrive(sent, marks, act)
            except InfctlError:
                return
            now = asyncio.get_running_loop().time()
            for late in self.trace.acts[known:]:
                if late.verb not in FENCED:
                    # Where no fence and no precondition is compared, that window is documented.
                    self.trace.foreign.update(dict.fromkeys(late.changed, now))

        asyncio.get_running_loop().create_task(arrive())


class Remote:
    """A port behind the network: every verb of the fake is a request."""

    def __init__(
        self, network: Network, link: Link, place: str, target: Any, marks: Callable[[Any], Any]
    ) -> None:
        self._network = network
        self._link = link
        self._place = place
        self._target = target
        self._marks = partial(marks, target)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if isinstance(found, str):
            # What a place is called never changes, and is asked for with every question.
            setattr(self, name, found)
        if not callable(found) or name in ("read_log", "_is_coroutine"):
            return found
        if self._place == "load" and name == "read":
            return found

        async def ask(*args: Any, **kwargs: Any) -> Any:
            return await self._network.ask(
                self._link, self._place, name, self._marks, partial(found, *args, **kwargs)
            )

        setattr(self, name, ask)
        return ask
