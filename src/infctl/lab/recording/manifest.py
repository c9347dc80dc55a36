"""What a recording holds: its files with their digests, and one digest of them all."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAME = "manifest.json"
FORMAT = 1


def describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    """The size in bytes and the SHA-256 of each file but the manifest, by its path below."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p != folder / NAME)
    return {
        path.relative_to(folder).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": _digest_of(path),
        }
        for path in paths
    }


def digest_of(content: Mapping[str, Any]) -> str:
    """One SHA-256 of all that a manifest says but this digest, and so of the files too."""
    said = {key: value for key, value in content.items() if key != "digest"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write what was recorded, last of all: a recording without a manifest is not whole."""
    written: dict[str, Any] = {"kind": "LabRecording", "format": FORMAT, **facts}
    written["files"] = describe_files(folder)
    written["digest"] = digest_of(written)
    temporary = folder / f"{NAME}.new"
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(written, indent=1) + "\n")
    temporary.replace(folder / NAME)
    return written


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
