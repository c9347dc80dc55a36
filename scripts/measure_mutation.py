"""Mutation testing of the engine: how many of a sample of mutants do the tests notice?

    .venv/bin/python scripts/measure_mutation.py [--sample N] [--seed N] [--show]

mutmut makes the mutants (below mutants/) and says which test reaches which function. Each mutant
then gets a process of its own, forked where all tests are collected already, which runs the tests
that reach the changed function, the fastest first, until one fails. Before them, the same tests
run in as many processes without any mutant (`--controls`): they must pass there.

Left out, and counted apart: how texts for people are spelled, and the developers' log. What the
world reads (names, annotations, verbs, SQL) has no blank in it and is kept.
"""

import argparse
import math
import os
import random
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from mutation.making import Mutant, make  # noqa: E402 - beside this script
from mutation.trying import NOTICED, Trial, Trials  # noqa: E402

os.chdir(ROOT)
CERTAIN = 1.96
"""Standard deviations on either side of the figure: 95 %."""


def choose(mutants: list[Mutant], sample: int, seed: int) -> list[Mutant]:
    """Every so manieth mutant, from a first one by seed: all modules by their size."""
    if not sample or sample >= len(mutants):
        return mutants
    step = len(mutants) / sample
    first = random.Random(seed).uniform(0, step)  # noqa: S311 - repeatable
    return [mutants[int(first + number * step)] for number in range(sample)]


def interval(good: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    share, square = good / total, CERTAIN**2 / total
    middle = (share + square / 2) / (1 + square)
    width = CERTAIN * math.sqrt(share * (1 - share) / total + square / (4 * total)) / (1 + square)
    return middle - width, middle + width


def report(trials: list[Trial], is_shown: bool) -> float:
    """Print the figures by module, and the mutants that nobody noticed; the share noticed."""
    tried = Counter(trial.mutant.module for trial in trials)
    noticed = Counter(trial.mutant.module for trial in trials if trial.outcome in NOTICED)
    for trial in trials:
        if trial.outcome not in NOTICED:
            print(f"{trial.outcome}: {trial.mutant.name}")
            if is_shown:
                print(trial.mutant.difference, end="")
    for module in sorted(tried):
        print(f"{module}: {noticed[module]} of {tried[module]}")
    share = noticed.total() / tried.total()
    low, high = interval(noticed.total(), tried.total())
    kinds = Counter(trial.outcome for trial in trials)
    print(", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    print(f"all: {noticed.total()} of {tried.total()} noticed, {share:.1%}", end=" ")
    print(f"(95 %: {low:.1%} to {high:.1%})")
    return share


def main() -> int:
    """0 where the bound is met and the controls pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", nargs="*", default=[], help="as engine.undo, engine.locks")
    parser.add_argument("--sample", type=int, default=0, help="how many mutants; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--controls", type=int, default=10, help="processes without a mutant")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--bound", type=float, default=0.85)
    parser.add_argument("--show", action="store_true", help="the change that each survivor made")
    chosen = parser.parse_args()
    mutants, left_out = make(ROOT, chosen.modules)
    sample = choose(mutants, chosen.sample, chosen.seed)
    print(
        f"{len(mutants)} mutants and {left_out} left out; {len(sample)} tried, seed {chosen.seed}"
    )
    trials = Trials(sample, chosen.controls, chosen.processes)
    trials.run()
    if trials.broken:
        print(f"these tests fail without any mutant: {', '.join(trials.broken)}")
        return 1
    return 0 if report(trials.done, chosen.show) >= chosen.bound else 1


if __name__ == "__main__":
    sys.exit(main())
