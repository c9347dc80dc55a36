"""Alarms on this machine's disk, with who has taken each.

Three files an alarm, in `alarms/ENVIRONMENT` of the state folder: `RUN.alarm` and `RUN.closed` are
written once and never changed, so that several programs may work here without a lock; `RUN.told`
only grows, a line for each channel that took it.
"""

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from infctl.clients.whole_files import sync_folder, write_whole
from infctl.engine.journal import planted
from infctl.errors import AlarmError, InfctlError
from infctl.executor.own_files import check_folders, read_bytes
from infctl.model.alarm import (
    Alarm,
    Closing,
    Review,
    alarm_text,
    closing_text,
    read_alarm,
    read_closing,
)
from infctl.model.names import is_name

_LARGEST = 256 * 1024
_ALARM, _CLOSED, _TOLD = ".alarm", ".closed", ".told"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A review of this machine, and the channels that have it as it is now."""

    review: Review
    told: frozenset[str]


def alarms_folder(environment: str) -> Path:
    """Where the alarms of an environment lie."""
    from infctl.wiring import state_folder

    if not is_name(environment):
        raise AlarmError(f"{environment!r} cannot be the name of an environment")
    return state_folder() / "alarms" / environment


def keep_alarm(alarm: Alarm) -> None:
    """Have the alarm on disk, whole, before this returns; AlarmError where that cannot be."""
    _keep(alarm, _ALARM, alarm_text(alarm))


def keep_closing(alarm: Alarm, closing: Closing) -> None:
    """Have the alarm's closing on disk; one that was closed already stays as it was."""
    _keep(alarm, _CLOSED, closing_text(closing))


def note_told(alarm: Alarm, channels: Iterable[str]) -> None:
    """Remember who took it. Where that cannot be written they are told again, as the same alarm."""
    path = alarms_folder(alarm.environment) / f"{alarm.run}{_TOLD}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    with contextlib.suppress(OSError):
        if planted(path):
            return
        with os.fdopen(os.open(path, flags, 0o600), "w") as file:
            file.write("".join(f"{channel}\n" for channel in channels))


def waiting(environment: str) -> list[Waiting]:
    """All alarms of this machine, the oldest first."""
    folder = alarms_folder(environment)
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except OSError:
        return []
    runs = [name.removesuffix(_ALARM) for name in names if name.endswith(_ALARM)]
    found = (_read(folder, run) for run in runs if is_name(run))
    return [one for one in found if one is not None and one.review.alarm.environment == environment]


def _read(folder: Path, run: str) -> Waiting | None:
    alarm = read_alarm(_text(folder / f"{run}{_ALARM}"))
    if alarm is None or alarm.run != run:
        return None
    closing = read_closing(_text(folder / f"{run}{_CLOSED}"))
    told = frozenset(_text(folder / f"{run}{_TOLD}").splitlines())
    return Waiting(Review(alarm, closing), told)


def _text(path: Path) -> str:
    """What a file of ours says; nothing where it is not there, or not ours alone."""
    if planted(path):
        return ""
    try:
        return read_bytes(path, _LARGEST).decode(errors="replace")
    except OSError:
        return ""


def _keep(alarm: Alarm, kind: str, text: str) -> None:
    folder = alarms_folder(alarm.environment)
    path = folder / f"{alarm.run}{kind}"
    try:
        _make(folder)
        if not path.exists() or planted(path):
            write_whole(path, text.encode())
    except OSError as error:
        raise AlarmError(
            f"the alarm of a broken glass cannot be written: {error.strerror or error}",
            hint=f"df -h {folder.parent.parent}; ls -ld {folder}",
            unchanged="nothing was overridden, and nothing was changed",
        ) from error
    except InfctlError as error:
        raise AlarmError(
            f"the alarm of a broken glass cannot be written: {error.what}",
            hint=error.hint,
            unchanged="nothing was overridden, and nothing was changed",
        ) from error


def _make(folder: Path) -> None:
    for one in (folder.parent, folder):
        check_folders(one.parent)
        with contextlib.suppress(FileExistsError):
            one.mkdir(mode=0o700)
            sync_folder(one.parent)
    check_folders(folder)
