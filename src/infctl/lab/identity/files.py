"""The issuer's files: JSON, the owner's alone, replaced whole."""

import json
import os
from pathlib import Path
from typing import Any

from infctl.lab.errors import LabError
from infctl.lab.spec import Lab


def folder(lab: Lab) -> Path:
    """Where all of them are; kept with a lab's data."""
    return lab.folder() / "identity"


def write(path: Path, content: Any) -> None:
    """Replace a file, mode 0600; a reader sees the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
    temporary.replace(path)


def read(path: Path) -> Any:
    """What a file holds; LabError where it cannot be read."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise LabError(
            f"{path} cannot be read: {type(error).__name__}",
            "remove it and start the lab again: it is then written anew",
        ) from error
