"""The image table: from an image's reference to what is executed in its place.

An image is named by the digest of what makes it: its entry in images.json, its sources and its
locked requirements. The same sources give the same digest everywhere.
"""

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infctl.lab.images import environments

Entry = Mapping[str, Any]
"""One image in images.json."""

_HERE = Path(__file__).parent
_DATA = _HERE / "images.json"


@dataclass(frozen=True, slots=True)
class Image:
    """An image; values of `environment` may hold ${POD_ADDRESS} and the like."""

    reference: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path

    def missing(self) -> str:
        """Why it cannot run now; "" if it can."""
        python = self.argv[0]
        if os.access(python, os.X_OK) and environments.is_whole(Path(python)):
            return ""
        return f"the environment of {self.reference} is not built here; next: infctl lab fetch"


def find(reference: str) -> Image:
    """The image of that reference; KeyError, with what is known, if there is none."""
    known = []
    for entry in read_entries():
        named = name_by_digest(entry)
        references = [named, *(f"{entry['name']}:{tag}" for tag in entry["tags"])]
        if reference in references:
            return image_of(entry, reference)
        known += references
    raise KeyError(f"the lab has no image {reference!r}; it has {', '.join(known)}")


def name_by_digest(entry: Entry) -> str:
    """The reference of an entry, by the digest of all that makes it."""
    hashed = hashlib.sha256(json.dumps(entry, sort_keys=True).encode())
    folder = _HERE / entry["folder"]
    files = [f for f in folder.rglob("*") if f.suffix in {".py", ".txt"}]
    for file in sorted(files, key=lambda f: f.relative_to(folder).as_posix()):
        content = file.read_bytes()
        # With the length before the content no two sets of files give the same stream.
        hashed.update(f"\0{file.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        hashed.update(content)
    return f"{entry['name']}@sha256:{hashed.hexdigest()}"


def read_entries() -> list[Entry]:
    """The table as data."""
    entries: list[Entry] = json.loads(_DATA.read_text())
    return entries


def requirements_of(entry: Entry) -> Path | None:
    """The locked requirements of an entry; None where Python alone is enough."""
    return _HERE / entry["folder"] / entry["requirements"] if entry["requirements"] else None


def image_of(entry: Entry, reference: str = "") -> Image:
    """The image of an entry, under its digest unless another reference is given."""
    requirements = requirements_of(entry)
    python = str(environments.python_of(requirements)) if requirements else sys.executable
    return Image(
        reference=reference or name_by_digest(entry),
        argv=(python, "-m", entry["module"]),
        environment=dict(entry["variables"]),
        folder=_HERE / entry["folder"],
    )
