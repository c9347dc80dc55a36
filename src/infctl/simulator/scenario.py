"""A whole simulated run as data, drawn from a seed: plans, faults, and what people will decide."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from infctl.model.plan import Plan
from infctl.simulator.environment import lock_names
from infctl.simulator.faults import BEFOREHAND, FAULTS, Fault
from infctl.simulator.plans import random_plan, real_plan, without_steps

_DECISIONS = ("retry", "retry", "retry", "skip", "ungraceful", "undo", "stop", "resume")
_INTERRUPTIONS = ("pause", "undo", "undo", "stop")
_RARE = {"colleague": 0.25}
"""Faults that cost several times as much as others, and how much less often they are drawn."""
WORLDS = {1: 4, 2: 4, 3: 4, 5: 1}
"""How often a world of so many regions is drawn."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """A decision that nobody was asked for, at the `moment`-th request or write."""

    verb: str
    moment: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """Drawn before anything runs, so that each part of it can be left out.

    `decisions` answer the pauses in their order, each after up to `patience` seconds; then people
    try again, then give up.
    """

    seed: int
    plan: Plan
    rival: Plan | None = None
    on_failure: str = "pause"
    faults: tuple[Fault, ...] = ()
    decisions: tuple[str, ...] = ()
    interruptions: tuple[Interruption, ...] = ()
    patience: float = 20.0
    regions: int = 3

    def smaller(self) -> "list[Scenario]":
        """The same with one thing less."""
        found = [
            replace(self, faults=_without(self.faults, n))
            for n in reversed(range(len(self.faults)))
        ]
        found += [
            replace(self, interruptions=_without(self.interruptions, n))
            for n in range(len(self.interruptions))
        ]
        found += [
            replace(self, decisions=_without(self.decisions, n)) for n in range(len(self.decisions))
        ]
        if self.rival is not None:
            found.append(replace(self, rival=None))
        found += self._shorter()
        return found

    def _shorter(self) -> "list[Scenario]":
        """With a step less; a fault that a shorter run never reaches strikes earlier as well."""
        count = len(self.plan.steps)
        if count == 1:
            return []
        plans = [
            without_steps(self.plan, frozenset({step.id})) for step in reversed(self.plan.steps)
        ]
        found = [replace(self, plan=plan) for plan in plans]
        for sooner in (1, 2, 3):
            moved = tuple(
                replace(f, moment=max(1, f.moment * (count - 1) // count - sooner))
                for f in self.faults
            )
            found += [replace(self, plan=plan, faults=moved) for plan in plans]
        return found


def world_of(scenario: Scenario) -> str:
    """How many regions there are, as it is counted."""
    return "1_region" if scenario.regions == 1 else f"{scenario.regions}_regions"


def draw(seed: int, kinds: Sequence[str] = tuple(FAULTS)) -> Scenario:
    """The scenario of a seed, with faults of these kinds alone."""
    # Not for secrets: the same seed must give the same run.
    chance = random.Random(seed)  # noqa: S311
    (regions,) = chance.choices(tuple(WORLDS), tuple(WORLDS.values()))
    # Where there is one region alone nothing can fail over.
    is_real = chance.random() < 0.1 and regions > 1
    plan = (real_plan if is_real else random_plan)(chance, regions)
    faults = _faults(chance, kinds, lock_names(regions))
    has_rival = any(f.kind == "rival" for f in faults)
    rival = random_plan(chance, regions) if has_rival else None
    return Scenario(
        seed,
        plan,
        rival,
        chance.choice(("pause", "pause", "pause", "undo")),
        faults,
        tuple(chance.choices(_DECISIONS, k=chance.randint(0, 4))),
        _interruptions(chance),
        regions=regions,
    )


def _faults(
    chance: random.Random, kinds: Sequence[str], places: Sequence[str]
) -> tuple[Fault, ...]:
    if not kinds:
        return ()
    count = chance.choice((0, 1, 1, 2, 2, 3, 4))
    found = []
    weights = [_RARE.get(kind, 1.0) for kind in kinds]
    for kind in chance.choices(list(kinds), weights, k=count):
        if kind in BEFOREHAND and chance.random() < 0.5:
            continue
        moment = int(2 ** chance.uniform(0.0, 6.5))
        region = chance.choice(places)
        seconds = chance.choice((1.0, 5.0, 15.0, 60.0))
        found.append(Fault(kind, moment, region, seconds, chance.randrange(4)))
    return tuple(sorted(found, key=lambda f: f.moment))


def _interruptions(chance: random.Random) -> tuple[Interruption, ...]:
    if chance.random() < 0.65:
        return ()
    return (Interruption(chance.choice(_INTERRUPTIONS), int(2 ** chance.uniform(0.0, 6.0))),)


def _without(items: tuple, number: int) -> tuple:  # type: ignore[type-arg]
    return items[:number] + items[number + 1 :]
