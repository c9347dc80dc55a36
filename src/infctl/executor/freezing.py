"""This machine's own freeze, in a file of its state folder: it works when no cluster answers."""

import json
import os
from pathlib import Path

from infctl.engine.locks.freeze import UNREADABLE, Freeze, read_word
from infctl.errors import InfctlError

_LONGEST = 16 * 1024


def freeze_file() -> Path:
    """Where it lies."""
    from infctl.wiring import state_folder

    return state_folder() / "freeze.json"


def frozen_here() -> Freeze | None:
    """This machine's own word; a file that is there and cannot be read freezes."""
    try:
        with freeze_file().open("rb") as file:
            return read_word(file.read(_LONGEST).decode())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return UNREADABLE


def freeze_here(freeze: Freeze) -> None:
    """Write it durably, in one step; InfctlError where this machine's disk does not take it."""
    try:
        _write(freeze_file(), freeze)
    except OSError as error:
        raise InfctlError(
            f"its disk does not take the word: {error.strerror}",
            unchanged="its own word is as before",
        ) from error


def _write(path: Path, freeze: Freeze) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_suffix(".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(new, flags, 0o600), "w") as file:
        file.write(json.dumps(freeze.to_json()))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
