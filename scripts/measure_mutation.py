"""Mutation testing of the engine: how many of a sample of mutants do the tests notice?

    .venv/bin/python scripts/measure_mutation.py [--modules PATTERN ...] [--sample N] [--seed N]

mutmut makes the mutants below mutants/ (configured in pyproject.toml) and runs, for each, the tests
that reach the changed function. Without --sample all of them are tried, which takes hours.
"""

import argparse
import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

MUTANTS = Path("mutants")
SURVIVED = 0
UNREACHED = {5, 33}
"""mutmut's exit codes for mutants that no test reaches; they count as not noticed."""


def mutmut(*names: str) -> None:
    """Run mutants by name, two at a time; its progress goes to stderr."""
    argv = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", "2", *names]
    subprocess.run(argv, stdout=sys.stderr, check=False)


def outcomes() -> dict[str, int | None]:
    """Every mutant's name with what its tests left with; None where it was not tried."""
    found: dict[str, int | None] = {}
    for path in sorted(MUTANTS.rglob("*.py.meta")):
        found.update(json.loads(path.read_text())["exit_code_by_key"])
    return found


def choose(names: list[str], patterns: list[str], sample: int, seed: int) -> list[str]:
    """The mutants to try: of the modules named, so many by seed."""
    named = [name for name in sorted(names) if not patterns or name.startswith(tuple(patterns))]
    if not sample:
        return named
    return random.Random(seed).sample(named, min(sample, len(named)))  # noqa: S311 - repeatable


def main() -> int:
    """Print the figures by module; 0 where the bound is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", nargs="*", default=[], help="as infctl.engine.undo")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bound", type=float, default=0.85)
    chosen = parser.parse_args()
    if not outcomes():
        # One mutant, so that all are generated and the tests that reach each are known.
        mutmut("infctl.engine.undo.x_undo_order__mutmut_1")
    names = choose(list(outcomes()), chosen.modules, chosen.sample, chosen.seed)
    mutmut(*names)
    results = outcomes()
    tried = {name: results[name] for name in names if results.get(name) is not None}
    total: Counter[str] = Counter()
    noticed: Counter[str] = Counter()
    for name, code in tried.items():
        module = name.rpartition(".")[0]
        total[module] += 1
        noticed[module] += code not in (SURVIVED, *UNREACHED)
    for module in sorted(total):
        print(f"{module}: {noticed[module]} of {total[module]}")
    share = noticed.total() / total.total() if total else 0.0
    print(f"all: {noticed.total()} of {total.total()} noticed, {share:.0%}")
    return 0 if share >= chosen.bound else 1


if __name__ == "__main__":
    sys.exit(main())
