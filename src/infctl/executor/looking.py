"""The doctor's looks: when one is due, and what the last one saw, kept for whoever starts a run."""

import asyncio
import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from infctl.engine.readiness import Diagnosis, diagnose
from infctl.errors import InfctlError
from infctl.executor.doctor import examine
from infctl.executor.folders import runs_folder
from infctl.executor.listing import open_runs
from infctl.executor.own_files import check_folders, read_bytes
from infctl.executor.watch import is_alive
from infctl.model.names import is_name
from infctl.model.outcome import Word
from infctl.model.text import clean
from infctl.platform import Platform
from infctl.ports.world import World
from infctl.wiring import state_folder

PERIOD = 1800.0
"""Seconds between two looks of whoever is idle."""
RECENT = 300.0
"""Seconds: how old the look may be that a run begins on."""
WHOLE = 20.0
"""Seconds that one look may take."""
POLL = 30.0
"""Seconds: how soon a change is seen, and how long a look that failed is not tried again."""
_LARGEST = 256 * 1024
_MOST = 50
_SHORT = 160
"""Characters of the one finding that stands for all."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look saw: when, by which files, and a sentence for each thing that is not well."""

    at: float
    mark: str
    findings: int
    bad: tuple[str, ...] = ()

    def sentence(self, now: float) -> str:
        """One line for whoever is about to start something; nothing where all was well."""
        if not self.bad:
            return ""
        minutes = max(0.0, now - self.at) / 60
        aged = "just now" if minutes < 1 else f"{minutes:.0f} min ago"
        more = f" and {len(self.bad) - 1} more" if len(self.bad) > 1 else ""
        return f"doctor, {aged}: {clean(self.bad[0], limit=_SHORT)}{more}"


async def look(world: World, platform: Platform, *, besides: str = "") -> tuple[Diagnosis, ...]:
    """Examine now, at most 20 s, and remember what was seen; InfctlError where that is not enough.

    `besides` is a run that is no obstacle to itself.
    """
    mark = await asyncio.to_thread(mark_of, platform.path, platform.environment)
    await world.warm()
    try:
        async with asyncio.timeout(WHOLE):
            found = diagnose(await examine(world, platform, state_folder(), besides=besides))
    except TimeoutError:
        raise InfctlError(
            f"the examination took more than {WHOLE:g} s",
            hint="infctl status",
            unchanged="nothing was changed",
        ) from None
    seen = Look(time.time(), mark, len(found), bad_ones(found))
    await asyncio.to_thread(_keep, platform.environment, seen)
    return found


def bad_ones(found: tuple[Diagnosis, ...]) -> tuple[str, ...]:
    """A sentence for each finding that did not pass."""
    return tuple(
        clean(
            f"{d.check} {d.finding.place}".strip()
            + f" {d.finding.outcome.word.value}: {'; '.join(d.finding.outcome.evidence)}",
            limit=300,
        )
        for d in found
        if d.finding.outcome.word is not Word.PASSED
    )


def is_due(last: Look, *, now: float, mark: str, busy: bool, period: float = PERIOD) -> bool:
    """Whether the period is over, or something changed. A run that is under way is left alone, for
    one period more at most: one may be paused for days.
    """
    age = now - last.at
    is_old = age >= period or age < 0 or mark != last.mark
    return age >= 2 * period or (is_old and not busy)


def mark_of(platform: Path, environment: str) -> str:
    """Another text with each change of the platform file, the access file or its kubeconfig, and
    with each freeze and each run.
    """
    folder = state_folder()
    access = folder / "environments" / f"{environment}.json"
    paths = [platform.absolute(), access, folder / "freeze.json", *_kubeconfig(access)]
    files = "\n".join(f"{path} {_stamp(path)}" for path in paths)
    runs = ""
    with suppress(InfctlError):
        runs = f"{_stamp(runs_folder())} {len(open_runs())}"
    return ".".join(hashlib.sha256(text.encode()).hexdigest()[:32] for text in (files, runs))


def is_recent(last: Look | None, *, now: float, mark: str) -> bool:
    """Whether a run may begin on the word of a look: minutes old, and of the same files."""
    if last is None or mark.partition(".")[0] != last.mark.partition(".")[0]:
        return False
    return 0 <= now - last.at < RECENT


def is_busy() -> bool:
    """Whether an executor of this machine is at work."""
    try:
        return any(is_alive(runs_folder() / run) for run in open_runs())
    except InfctlError:
        return False


def last_look(environment: str) -> Look | None:
    """What was seen last, by any program of this machine."""
    try:
        data = json.loads(read_bytes(_path(environment), _LARGEST))
        bad = tuple(clean(str(one), limit=300) for one in data["bad"][:_MOST])
        return Look(float(data["at"]), str(data["mark"]), int(data["findings"]), bad)
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


async def keep_looking(
    open_world: Callable[[], World], platform: Platform, tell: Callable[[str], None]
) -> None:
    """For a program that stays open: look whenever it is due; `tell` hears what is not well."""
    while True:
        said = await asyncio.to_thread(_said, platform)
        if said is None:
            said = await _look_anew(open_world, platform)
        tell(said)
        await asyncio.sleep(POLL)


async def _look_anew(open_world: Callable[[], World], platform: Platform) -> str:
    world = open_world()
    try:
        await look(world, platform)
        return await asyncio.to_thread(_said, platform) or ""
    except InfctlError as error:
        return f"doctor: nothing was checked: {error.what}"
    finally:
        await world.close()


def _said(platform: Platform) -> str | None:
    """What the last look says; None where another one is due."""
    last, now = last_look(platform.environment), time.time()
    mark = mark_of(platform.path, platform.environment)
    if last is None or is_due(last, now=now, mark=mark, busy=is_busy()):
        return None
    return last.sentence(now)


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "-"
    return f"{found.st_mtime_ns} {found.st_size}"


def _kubeconfig(access: Path) -> list[Path]:
    try:
        data = json.loads(read_bytes(access, _LARGEST))
        return [Path(str(data["kubeconfig"]))]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def _path(environment: str) -> Path:
    if not is_name(environment):
        raise OSError("no name of an environment")
    return state_folder() / "looks" / f"{environment}.json"


def _keep(environment: str, seen: Look) -> None:
    """Where it cannot be written the next program looks itself."""
    with suppress(OSError, InfctlError):
        path = _path(environment)
        check_folders(path.parent.parent)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        check_folders(path.parent)
        made = path.with_suffix(f".{secrets.token_hex(4)}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(made, flags, 0o600), "w") as file:
            json.dump(asdict(seen), file)
        made.replace(path)
