"""How far each region is: a bar per region on a terminal, else a line per stage, on stderr."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from infctl.commands.output import note
from infctl.engine.deploy.results import Progress, Report

_WORDS = {
    "artifacts": "copying artifacts",
    "objects": "applying objects",
    "pods": "waiting for pods",
    "records": "health checks and records",
}


@contextmanager
def show_progress(regions: Sequence[str], *, quiet: bool = False) -> Iterator[Report]:
    """A function that shows what it is told, for as long as the block runs."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bars(regions) as report:
            yield report
    else:
        yield _lines()


def _lines() -> Report:
    seen: set[tuple[str, str]] = set()

    def report(progress: Progress) -> None:
        key = (progress.region, progress.stage)
        if key not in seen:
            seen.add(key)
            note(f"{progress.region}: {_WORDS.get(progress.stage, progress.stage)}")

    return report


@contextmanager
def _bars(regions: Sequence[str]) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.fields[region]}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[stage]}", markup=False),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {r: bars.add_task("", region=r, stage="waiting", total=1) for r in regions}

        def report(progress: Progress) -> None:
            task = tasks.get(progress.region)
            if task is None:
                task = bars.add_task("", region=progress.region, stage="", total=1)
                tasks[progress.region] = task
            stage = _WORDS.get(progress.stage, progress.stage)
            total = max(progress.total, 1)
            bars.update(task, completed=progress.done, total=total, stage=stage)

        yield report
