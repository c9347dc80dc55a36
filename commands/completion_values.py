"""Names that are completed, from this machine's own files; what cannot be read offers nothing."""

import contextlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from infctl.wiring import state_folder

_RUN = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
_LARGEST = 4 * 1024 * 1024
_MOST = 200
LATEST = "latest"


def values_of(kind: str, arguments: Sequence[str], options: Mapping[str, str]) -> list[str]:
    """The names of that kind; arguments and options are what was typed before."""
    find = _KINDS.get(kind)
    return [] if find is None else find(arguments, options)


def _runs(arguments: Sequence[str], options: Mapping[str, str]) -> list[str]:
    del arguments, options
    known = _run_ids()
    return [LATEST, *known[:_MOST]] if known else []


def _run_ids() -> list[str]:
    return sorted(filter(_RUN.fullmatch, _names(state_folder() / "runs")), reverse=True)


def _reviews(arguments: Sequence[str], options: Mapping[str, str]) -> list[str]:
    """Those that are open, by what this machine knows."""
    named = options.get("--env") or os.environ.get("INFCTL_ENV", "")
    folder = state_folder() / "alarms"
    places = [named] if named and "/" not in named else _names(folder)
    found = {name for place in places for name in _names(folder / place)}
    runs = (name.removesuffix(".alarm") for name in found if name.endswith(".alarm"))
    is_open = (run for run in runs if f"{run}.closed" not in found)
    return [] if arguments else sorted(filter(_RUN.fullmatch, is_open), reverse=True)[:_MOST]


def _environments(arguments: Sequence[str], options: Mapping[str, str]) -> list[str]:
    del arguments, options
    found = _names(state_folder() / "environments")
    return sorted(name.removesuffix(".json") for name in found if name.endswith(".json"))


def _regions(arguments: Sequence[str], options: Mapping[str, str]) -> list[str]:
    """Of the environment that is named, else of all that are known; none twice."""
    named = options.get("--env") or os.environ.get("INFCTL_ENV", "")
    names = [named] if named else _environments((), {})
    folder = state_folder() / "environments"
    found: dict[str, None] = {}
    for name in names:
        if "/" not in name:
            found |= dict.fromkeys(_at(_read(folder / f"{name}.json"), "regions", {}))
    return [region for region in found if region not in arguments]


def _steps(arguments: Sequence[str], options: Mapping[str, str]) -> list[str]:
    del options
    asked = arguments[0] if arguments else LATEST
    known = [run for run in _run_ids() if asked == LATEST or run.startswith(asked)]
    if not known:
        return []
    order = _read(state_folder() / "runs" / known[0] / "plan.json")
    steps = _at(_at(order, "plan", {}), "steps", [])
    return [str(_at(step, "id", "")) for step in steps]


def _users(arguments: Sequence[str], options: Mapping[str, str]) -> list[str]:
    """Of the lab that is named, else of the usual one."""
    name = options.get("--name") or "lab"
    if arguments or "/" in name:
        return []
    known = _read(state_folder() / "labs" / name / "shared" / "identity" / "people.json")
    people = known if isinstance(known, list) else []
    return [user for person in people if (user := _at(person, "name", ""))]


def _names(folder: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return [path.name for path in folder.iterdir()]
    return []


def _read(path: Path) -> Any:
    with contextlib.suppress(OSError, ValueError), path.open("rb") as file:
        return json.loads(file.read(_LARGEST))
    return None


def _at(mapping: Any, key: str, default: Any) -> Any:
    found = mapping.get(key) if isinstance(mapping, dict) else None
    return found if isinstance(found, type(default)) else default


_KINDS: dict[str, Callable[[Sequence[str], Mapping[str, str]], list[str]]] = {
    "runs": _runs,
    "reviews": _reviews,
    "regions": _regions,
    "environments": _environments,
    "steps": _steps,
    "users": _users,
}
