"""What the console needs: pictures to draw, and one way to ask for a drill."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

from infctl.model.overview import Agreement
from infctl.model.proposal import Proposal
from infctl.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at: the service, the environment with its class, and the agreement."""

    service: str
    environment: str
    kind: str
    agreement: Agreement
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunPicture:
    """A run as it is drawn; `steps` are (id, sentence, state, start, duration), seconds from the
    run's start, None where not begun; `clock` is the recovery time so far or in the end, in words;
    `verbs` are the decisions that it takes now.
    """

    run: str
    name: str
    state: str
    steps: tuple[tuple[str, str, str, float | None, float | None], ...]
    elapsed: float
    clock: str
    summary: tuple[str, ...]
    ended: bool
    verbs: tuple[str, ...] = ()


class Feed(Protocol):
    """Reads of the world, and drills. Every method may raise an InfctlError."""

    scope: Scope

    async def snapshot(self, previous: Snapshot | None) -> Snapshot:
        """One picture of all regions."""

    def frozen(self) -> str:
        """Who stopped everything, since when and why; empty where nobody did."""

    def standing(self) -> tuple[str, ...]:
        """What holds for all regions and is not well, a line each: broken glass, the doctor."""

    def latest_run(self) -> str | None:
        """The id of a run that is under way, else of the newest."""

    def follow(self, run: str) -> AsyncIterator[RunPicture]:
        """The run's pictures, a new one after each change, until it has ended."""

    async def plan_drill(self, region: str) -> Proposal:
        """The failover drill for one region, with its guards' words; reads only."""

    async def start_drill(self, proposal: Proposal) -> str:
        """Hand the plan to an executor and return the run's id.

        Refused where a guard says no, Frozen while somebody stopped everything.
        """

    async def decide(self, run: str, verb: str, reason: str) -> None:
        """Hand a decision to the run's executor, to a new one where it is gone."""

    async def losses(self, run: str) -> list[str]:
        """What going on ungracefully would lose, a sentence a step."""

    def describe(self, proposal: Proposal) -> list[str]:
        """The plan in lines for people, the command line that does the same last."""

    async def close(self) -> None:
        """Give back connections."""


Row = dict[str, Any]
