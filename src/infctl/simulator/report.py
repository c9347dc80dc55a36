"""What a simulation came to, in lines for people and as JSON."""

from collections import Counter
from typing import Any

from infctl.simulator.runner import Failure, Result
from infctl.simulator.scenario import Scenario, world_of


def lines_of(result: Result, faults: str) -> list[str]:
    """The figures, then each failure with its shortest plan."""
    rate = result.runs / result.cpu if result.cpu else 0.0
    lines = [
        f"runs        {result.runs} from seed {result.seed}, {result.failed} failed",
        f"speed       {rate:.0f} runs/s a core ({result.seconds:.1f} s, "
        f"{result.cpu:.1f} s of them computing)",
        f"in them     {result.virtual / 3600:.1f} h of virtual time, {result.acts} acts",
        f"memory      {result.memory[0] // 1024} to {result.memory[1] // 1024} MiB, "
        f"files {result.files[0]} to {result.files[1]}",
    ]
    for title, counts in _counts(result):
        lines += _wrapped(title, counts)
    for failure in result.failures:
        lines += ["", *_failure(failure, faults)]
    return lines


def item_of(result: Result, faults: str) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "seed": result.seed,
        "runs": result.runs,
        "failed": result.failed,
        "runs_per_second": result.runs / result.cpu if result.cpu else 0.0,
        "seconds": result.seconds,
        "cpu_seconds": result.cpu,
        "virtual_seconds": result.virtual,
        "acts": result.acts,
        "memory_kib": list(result.memory),
        "open_files": list(result.files),
        **{title: dict(sorted(counts.items())) for title, counts in _counts(result)},
        "failures": [
            {
                "seed": f.seed,
                "rule": f.violation.rule,
                "what": f.violation.what,
                "scenario": _scenario(f.smallest),
                "command": _command(f, faults),
            }
            for f in result.failures
        ],
    }


def _counts(result: Result) -> list[tuple[str, Counter[str]]]:
    return [
        ("faults", result.injected),
        ("decisions", result.decided),
        ("states", result.reached),
        ("worlds", result.worlds),
    ]


def _wrapped(title: str, counts: Counter[str]) -> list[str]:
    """Counts in lines of at most 80 columns."""
    lines, line = [], f"{title:<11}"
    for name, count in counts.most_common():
        word = f" {name} {count}"
        if len(line) + len(word) > 79:
            lines.append(line)
            line = " " * 11
        line += word
    return [*lines, line] if counts else []


def _failure(failure: Failure, faults: str) -> list[str]:
    head = f"seed {failure.seed} breaks {failure.violation.rule}: {failure.violation.what}"
    return [head, *(f"  {line}" for line in _scenario(failure.smallest)), _command(failure, faults)]


def _scenario(scenario: Scenario) -> list[str]:
    lines = [f"world: {world_of(scenario).replace('_', ' ')}"]
    lines.append(f"plan: {len(scenario.plan.steps)} steps, on failure {scenario.on_failure}")
    for step in scenario.plan.steps:
        after = f" after {', '.join(step.after)}" if step.after else ""
        lines.append(f"step {step.id} {step.operation.region or ''}{after}")
    if scenario.rival is not None:
        lines.append(f"a second run: {', '.join(s.id for s in scenario.rival.steps)}")
    lines += [f"fault: {fault}" for fault in scenario.faults]
    lines += [f"decision: {verb}" for verb in scenario.decisions]
    return lines + [f"interrupted: {i.verb} at moment {i.moment}" for i in scenario.interruptions]


def _command(failure: Failure, faults: str) -> str:
    chosen = "" if faults == "all" else f" --faults {faults}"
    return f"again: infctl sim --seed {failure.seed} --runs 1{chosen}"
