"""The command tree as completion needs it, kept in the cache: building it takes all of Typer."""

import contextlib
import json
import os
import tempfile
from enum import Enum
from pathlib import Path
from typing import Any

from infctl import __version__

_KINDS = {
    "run": "runs",
    "review": "reviews",
    "region": "regions",
    "env": "environments",
    "name": "environments",
    "step": "steps",
    "user": "users",
}
"""What the value of a parameter of that name is; `name` is a lab's, unless `_choices` knows."""
_LISTS = ("break_glass", "faults")
"""Several values, with commas between them."""


def read_tree() -> dict[str, Any]:
    """The tree of this very code: from the cache, else built and kept there."""
    path = _path()
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(path.read_bytes())
        if isinstance(kept, dict) and kept.get("stamp") == path.stem:
            return dict(kept["tree"])
    tree = build_tree()
    with contextlib.suppress(OSError):
        _write(path, {"stamp": path.stem, "tree": tree})
    return tree


def build_tree() -> dict[str, Any]:
    """Every command with its options and arguments, from Typer's own objects."""
    from typer.main import get_command

    from infctl.commands.index import COMMANDS
    from infctl.commands.lazy import load
    from infctl.commands.run import app

    root = _node(get_command(app), "")
    for name, entry in COMMANDS.items():
        root["verbs"][name] = {**_node(load(name, entry), name), "help": entry.help}
    return root


def _node(command: Any, noun: str) -> dict[str, Any]:
    parameters = [p for p in command.params if p.name != "help"]
    options = {
        name: _parameter(p, noun)
        for p in parameters
        if p.param_type_name == "option"
        for name in p.opts
    }
    verbs = getattr(command, "commands", {}) if noun else {}
    return {
        "help": (command.help or "").strip().split("\n")[0],
        "verbs": {name: _node(verb, noun) for name, verb in verbs.items()},
        "options": options | {"--help": _HELP},
        "arguments": [_parameter(p, noun) for p in parameters if p.param_type_name == "argument"],
    }


_HELP = {"help": "Show help.", "takes_value": False, "kind": "", "list": False, "choices": []}


def _parameter(parameter: Any, noun: str) -> dict[str, Any]:
    return {
        "help": (getattr(parameter, "help", None) or "").split("\n")[0],
        "takes_value": not getattr(parameter, "is_flag", False),
        "kind": _KINDS.get(parameter.name, ""),
        "list": parameter.name in _LISTS,
        "choices": _choices(parameter, noun),
    }


def _choices(parameter: Any, noun: str) -> list[str]:
    """The values that this code knows."""
    from infctl.commands.options import LOCK
    from infctl.engine.guards import BY_REASON
    from infctl.registry import DRILLS, RUNBOOKS
    from infctl.simulator.faults import FAULTS

    broken = [*BY_REASON, LOCK]
    known: dict[tuple[str, str], list[str]] = {
        ("runbook", "name"): [entry.name for entry in RUNBOOKS],
        ("drill", "name"): [entry.name for entry in DRILLS],
        ("sim", "faults"): [*FAULTS, "none"],
        **dict.fromkeys((("failover", "break_glass"), ("restore", "break_glass")), broken),
    }
    if found := known.get((noun, parameter.name)):
        return found
    kind = parameter.type_descriptor.annotation
    is_closed = isinstance(kind, type) and issubclass(kind, Enum)
    return [str(member.value) for member in kind] if is_closed else []


def _path() -> Path:
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    newest = max(entry.stat().st_mtime_ns for entry in os.scandir(Path(__file__).parent))
    return base / "infctl" / "completion" / f"{__version__}-{newest}.json"


def _write(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all, and alone: trees of earlier code go."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
    Path(name).rename(path)
    for other in path.parent.glob("*.json"):
        if other != path:
            other.unlink(missing_ok=True)
