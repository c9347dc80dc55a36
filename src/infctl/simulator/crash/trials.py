"""One victim hurt at one moment, another that goes on, and what both left outside."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infctl.errors import Exit
from infctl.simulator.crash import findings
from infctl.simulator.crash.findings import Finding
from infctl.simulator.crash.inspection import inspect_end, inspect_remains
from infctl.simulator.crash.points import Point
from infctl.simulator.crash.victims import STUCK, Laboratory, was_killed


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a trial found; `reached` is False where its moment never came."""

    point: Point
    reached: bool
    found: tuple[Finding, ...] = ()


@contextlib.contextmanager
def own_folder(parent: Path) -> Iterator[Path]:
    """A folder for one trial, gone afterwards."""
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def kill(laboratory: Laboratory, parent: Path, point: Point, again: Point | None = None) -> Verdict:
    """Kill at the point, resume, and with `again` kill what resumed before it is resumed anew."""
    name = point.name if again is None else f"{point.name}+{again.name}"
    with own_folder(parent) as folder:
        if not was_killed(laboratory.run(folder, *point.tracing())):
            return Verdict(point, reached=False)
        found = inspect_remains(name, folder)
        if again is not None:
            is_reached = was_killed(laboratory.run(folder, *again.tracing()))
            if not is_reached:
                return Verdict(point, reached=False)
            found += inspect_remains(name, folder)
        return Verdict(point, True, (*found, *_go_on(laboratory, name, folder)))


def fail(laboratory: Laboratory, parent: Path, point: Point) -> Verdict:
    """Let the disk fail from the point on: exit 74 and no act more, then resume on a sound one."""
    with own_folder(parent) as folder:
        code = laboratory.run(folder, *point.tracing())
        if code == Exit.DONE:
            # The call belongs to what follows the last record: nothing was left to be recorded.
            return Verdict(point, reached=False)
        found = inspect_remains(point.name, folder)
        if code != Exit.JOURNAL:
            found.append(Finding(point.name, findings.STUCK, f"it ended with {code}, not 74"))
        return Verdict(point, True, (*found, *_go_on(laboratory, point.name, folder)))


def _go_on(laboratory: Laboratory, name: str, folder: Path) -> list[Finding]:
    code = laboratory.run(folder)
    if code == Exit.DONE:
        return inspect_end(name, folder)
    how = "did not end" if code == STUCK else f"ended with {code}"
    log = (folder / "stderr").read_text(errors="replace").strip().splitlines()
    why = f": {log[-1][:200]}" if log else ""
    stuck = Finding(name, findings.STUCK, f"the resumed run {how}{why}")
    return [stuck, *inspect_end(name, folder)]
