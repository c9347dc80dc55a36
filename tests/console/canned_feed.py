"""A feed whose pictures a test chooses, and what of them is on the screen."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from infctl.console.app import Console
from infctl.console.feed import RunPicture, Scope
from infctl.errors import Unreachable
from infctl.model.measured import Measured, unknown
from infctl.model.overview import Agreement
from infctl.model.plan import Operation, Plan, Step
from infctl.model.proposal import Proposal
from infctl.model.snapshot import ModelVersion, RegionSnapshot, Replicas, Snapshot

REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
HOSTILE = "\x1b]52;c;AA\x07[@click=app.start_drill]x[/] pod[/b]"


def seen(value: Any) -> Measured[Any]:
    return Measured(value, 1_000.0, "test")


def region(name: str) -> RegionSnapshot:
    return RegionSnapshot(
        name=name,
        cluster_version=seen("v1.37.2"),
        replicas=seen(Replicas(2, 2)),
        models=seen((ModelVersion("digits", HOSTILE, "sha256:" + "a" * 64),)),
        requests_per_second=seen(20.0),
        error_ratio=seen(0.0),
        p50=seen(0.03),
        p99=seen(0.05),
        queue=seen(0.0),
        saturation=seen(0.1),
        traffic_share=seen(0.33),
        dns_healthy=seen(True),
        switched_off=seen(False),
        store=seen(True),
        weight=seen(100),
        generation=seen("sha256:b"),
    )


class CannedFeed:
    """Answers at once, counts what is started."""

    scope = Scope("vision", "lab", "sim", Agreement(0.999, 0.25), REGIONS)

    def __init__(self) -> None:
        self.started: list[str] = []
        self.broken = False
        self.behind = 0.0
        self.lines: list[str] = []
        self.why = ""
        self.over_all: tuple[str, ...] = ()
        self.state = "running"
        self.verbs: tuple[str, ...] = ()
        self.decided: list[tuple[str, str, str]] = []

    def frozen(self) -> str:
        return self.why

    def standing(self) -> tuple[str, ...]:
        return self.over_all

    async def snapshot(self, previous: Snapshot | None) -> Snapshot:
        if self.broken:
            raise Unreachable(f"no answer {HOSTILE}")
        down = replace(
            region("eu-west-1"),
            cluster_version=unknown("k", 1_000.0, HOSTILE),
            dns_healthy=seen(False),
        )
        return Snapshot(
            time.time() - self.behind, (region("us-east-1"), down, region("ap-south-1"))
        )

    def latest_run(self) -> str | None:
        return self.started[-1] if self.started else None

    async def follow(self, run: str) -> AsyncIterator[RunPicture]:
        steps = (("s1", HOSTILE, "done", 0.0, 1.5), ("s2", "wait", "running", 1.5, None))
        clock, state = "1.0 s", self.state
        yield RunPicture(run, "drill failover", state, steps, 3.0, clock, (), False, self.verbs)

    async def decide(self, run: str, verb: str, reason: str) -> None:
        self.decided.append((run, verb, reason))

    async def losses(self, run: str) -> list[str]:
        return [f"verify: clients may still be there {HOSTILE}"]

    async def plan_drill(self, region: str) -> Proposal:
        step = Step("kill", Operation("inject_fault", {"target": region}))
        return Proposal(Plan("drill failover", f"kill {region}", "lab", (step,)), ())

    async def start_drill(self, proposal: Proposal) -> str:
        self.started.append("01abc")
        return "01abc"

    def describe(self, proposal: Proposal) -> list[str]:
        return self.lines or [f"{s.id}: {s.operation.kind}" for s in proposal.plan.steps]

    async def close(self) -> None:
        return


async def until(condition: Any, deadline: float = 5.0) -> None:
    async with asyncio.timeout(deadline):
        while not condition():  # noqa: ASYNC110 -- the screen tells nobody when it was drawn
            await asyncio.sleep(0.02)


def screen_text(app: Console) -> str:
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(s.text for s in line) for line in lines)


def told(app: Console) -> str:
    return "\n".join(notice.message for notice in app._notifications)
