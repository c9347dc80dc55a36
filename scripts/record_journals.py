"""Records the corpus of journals that every later release must fold and resume.

Run once for a release: python scripts/record_journals.py. What earlier releases recorded is never
written again; the folder is named by the version.
"""

import asyncio
import json
import sys
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "engine"))

from journal_corpus import FOLDER, read, resume, summary, toy_of, world_of  # noqa: E402
from toy_run import begin, carry, facts_of  # noqa: E402
from toy_world import Crash, Toy  # noqa: E402

from infctl.drills import failover as drill  # noqa: E402
from infctl.engine.decisions import Decision, Decisions, Verb  # noqa: E402
from infctl.engine.machine import OnFailure  # noqa: E402
from infctl.errors import InfctlError, Unreachable  # noqa: E402
from infctl.model.journal import Kind  # noqa: E402
from infctl.model.plan import Plan  # noqa: E402
from infctl.model.run import fold  # noqa: E402
from infctl.runbooks import failover, restore  # noqa: E402

REGION = "eu-west-1"
Make = Callable[[Toy], Awaitable[Plan]]


async def _failover(toy: Toy) -> Plan:
    toy.replicas["ap-south-1"] = 1
    facts = await facts_of(toy)
    plan = failover.plan(facts, REGION, "test")
    scaled = failover.scale_step(facts, "ap-south-1", 3)
    return replace(plan, steps=(scaled, *failover.steps(facts, REGION, "test")))


async def _restore(toy: Toy) -> Plan:
    for keeper in ("us-east-1", "ap-south-1"):
        toy.objects[(keeper, f"vision-switches-{keeper}", f"off/{REGION}")] = b"{}"
    return restore.plan(await facts_of(toy), REGION, "test")


async def _region_loss(toy: Toy) -> Plan:
    return drill.plan(await facts_of(toy), drill.Settings(REGION))


async def _operated(toy: Toy) -> Plan:
    return drill.plan(await facts_of(toy), drill.Settings(REGION, "operated"))


@dataclass(frozen=True)
class Scenario:
    """A run and what happens to it.

    `decisions` are given one by one, each when the journal or the world says a word; `crash` is
    the word, and which one of its kind, at which the process dies; `lose` the act whose reply is
    lost once, `refuse` the act that does not work once; `stubborn` keeps its traffic.
    """

    name: str
    make: Make
    on_failure: OnFailure = "pause"
    decisions: tuple[tuple[str, Verb], ...] = ()
    crash: tuple[str, int] = ("", 0)
    lose: str = ""
    refuse: str = ""
    stubborn: bool = False


PAUSED = "after pause None"
VERIFY = "after intent verify"
SCENARIOS = (
    Scenario("failover", _failover),
    Scenario("restore", _restore),
    Scenario("drill-region-loss", _region_loss, "undo"),
    Scenario("drill-operated", _operated, "undo"),
    Scenario("undone", _failover, decisions=((VERIFY, Verb.UNDO),)),
    Scenario("stopped", _failover, decisions=((VERIFY, Verb.STOP),)),
    Scenario("drill-undone", _region_loss, "undo", (("after intent recovered", Verb.UNDO),)),
    Scenario("drill-stopped", _operated, "undo", (("after put us-east-1", Verb.STOP),)),
    Scenario("failed-then-skipped", _failover, decisions=((PAUSED, Verb.SKIP),), stubborn=True),
    Scenario("failed-then-undone", _failover, decisions=((PAUSED, Verb.UNDO),), stubborn=True),
    Scenario("failed-then-stopped", _failover, decisions=((PAUSED, Verb.STOP),), stubborn=True),
    Scenario("ungraceful", _failover, decisions=((PAUSED, Verb.UNGRACEFUL),), stubborn=True),
    Scenario("retried", _failover, decisions=((PAUSED, Verb.RETRY),), refuse="scale ap-south-1"),
    Scenario("undone-by-plan", _failover, "undo", stubborn=True),
    Scenario("stopped-by-plan", _failover, "stop", stubborn=True),
    Scenario(
        "paused-and-resumed",
        _failover,
        decisions=(
            ("after intent switch-off", Verb.PAUSE),
            (PAUSED, Verb.RESUME),
            (PAUSED, Verb.RESUME),
        ),
    ),
    Scenario("reply-lost", _failover, lose="after put us-east-1"),
    Scenario("reply-of-scale-lost", _failover, lose="after scale ap-south-1"),
    Scenario("crashed-before-intent", _failover, crash=("before intent switch-off", 1)),
    Scenario("crashed-after-intent", _failover, crash=("after intent switch-off", 1)),
    Scenario("crashed-before-act", _failover, crash=("put us-east-1", 1)),
    Scenario("crashed-half-way", _failover, crash=("after put ap-south-1", 1)),
    Scenario("crashed-after-act", _failover, crash=("before sent switch-off", 1)),
    Scenario("crashed-after-done", _failover, crash=("after done switch-off", 1)),
    Scenario("crashed-in-verify", _failover, crash=(VERIFY, 1)),
    Scenario("crashed-while-paused", _failover, crash=(PAUSED, 1), stubborn=True),
    Scenario(
        "crashed-in-undo",
        _failover,
        "undo",
        ((VERIFY, Verb.UNDO),),
        crash=("after undo_intent switch-off", 1),
    ),
    Scenario("drill-crashed-after-fault", _region_loss, "undo", crash=("after inject", 1)),
    Scenario("drill-crashed-healing", _region_loss, "undo", crash=("after heal", 1)),
)


async def record(scenario: Scenario, folder: Path) -> str:
    """Run it, write the journal and what it must fold to, resume it; the state it ends in."""
    toy = Toy()
    plan = await scenario.make(toy)
    if scenario.stubborn:
        toy.stubborn.add(REGION)
    journal = begin(toy, plan)
    decisions = Decisions()
    toy.hook = journal.hook = hook = _Hook(scenario, decisions)
    try:
        running = carry(toy, plan, journal, decisions=decisions, on_failure=scenario.on_failure)
        state, reason = await asyncio.wait_for(running, 20)
        journal.append(Kind.HEAD, result={"state": str(state), "reason": reason, "exit": 0})
    except Crash as crash:
        print(f"{scenario.name}: {crash or 'killed'}")
    if hook.missed():
        raise SystemExit(f"{scenario.name}: not all of it happened")
    path = folder / f"{scenario.name}.jsonl"
    path.write_text("".join(f"{r.canonical}\n" for r in journal.written))
    expected = {
        **summary(fold(journal.written)),
        "on_failure": scenario.on_failure,
        "world": world_of(toy),
    }
    if not fold(journal.written).over:
        again = toy_of(json.loads(json.dumps(expected["world"])))
        ended, why, _ = await resume(again, plan, read(path), scenario.on_failure)
        expected["resumed"] = {"state": str(ended), "reason": why, "world": again.state()}
    text = json.dumps(expected, indent=1, sort_keys=True, default=str) + "\n"
    path.with_suffix(".json").write_text(text)
    return f"{expected['state']} {expected.get('resumed', {}).get('state', '')}"


class _Hook:
    """Called at each write and act: decides, loses replies and dies as the scenario says."""

    def __init__(self, scenario: Scenario, decisions: Decisions) -> None:
        self.decisions = decisions
        self.waiting = list(scenario.decisions)
        self.lose, self.refuse = scenario.lose, scenario.refuse
        self.word, self.left = scenario.crash

    def __call__(self, what: str) -> None:
        if self.left and what.startswith(self.word):
            self.left -= 1
            if not self.left:
                raise Crash
        if self.waiting and what.startswith(self.waiting[0][0]):
            verb = self.waiting.pop(0)[1]
            self.decisions.put(Decision(verb, by="tester", reason="recorded"))
        if self.lose and what.startswith(self.lose):
            self.lose = ""
            raise Unreachable("the reply was lost")
        if self.refuse and what.startswith(self.refuse):
            self.refuse = ""
            raise InfctlError("the store says no")

    def missed(self) -> bool:
        """Whether something that the scenario says never happened."""
        return bool(self.waiting or self.lose or self.refuse or self.left)


def main() -> int:
    """Write the folder of this version."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    folder = FOLDER / version
    folder.mkdir(parents=True, exist_ok=True)
    for scenario in SCENARIOS:
        print(f"{scenario.name}: {asyncio.run(record(scenario, folder))}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
