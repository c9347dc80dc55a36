"""A CycloneDX list of what a release is made of, from the lock files alone: python sbom.py [OUT].

The same locks give the same bytes: no time, and a serial number that is their digest.
"""

import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCKS = ("run", "lab", "serving")
_PINNED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?==(?P<version>[^\s;]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def components(lock: str) -> dict[tuple[str, str], set[str]]:
    """The packages of a lock file, each with the digests of the files that may be installed."""
    found: dict[tuple[str, str], set[str]] = {}
    current: set[str] = set()
    for line in lock.splitlines():
        if pinned := _PINNED.match(line):
            name = re.sub(r"[-_.]+", "-", pinned["name"]).lower()
            current = found.setdefault((name, pinned["version"]), set())
        current.update(_HASH.findall(line))
    return found


def bill(name: str, version: str, locks: Iterable[str]) -> dict[str, Any]:
    """The list as CycloneDX 1.6 has it."""
    merged: dict[tuple[str, str], set[str]] = {}
    for lock in locks:
        for key, hashes in components(lock).items():
            merged.setdefault(key, set()).update(hashes)
    items = [_component(*key, sorted(merged[key])) for key in sorted(merged)]
    own = {"type": "application", "bom-ref": f"pkg:pypi/{name}@{version}", "name": name}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(items))}",
        "version": 1,
        "metadata": {"component": {**own, "version": version}},
        "components": items,
        "dependencies": [{"ref": own["bom-ref"], "dependsOn": [i["bom-ref"] for i in items]}],
    }


def _component(name: str, version: str, hashes: list[str]) -> dict[str, Any]:
    url = f"pkg:pypi/{name}@{version}"
    return {
        "type": "library",
        "bom-ref": url,
        "name": name,
        "version": version,
        "purl": url,
        "hashes": [{"alg": "SHA-256", "content": content} for content in hashes],
    }


def main(arguments: list[str]) -> int:
    """Write it to a file, or to stdout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locks = ((ROOT / "requirements" / f"{lock}.txt").read_text() for lock in LOCKS)
    text = json.dumps(bill(project["name"], project["version"], locks), indent=2) + "\n"
    if arguments:
        Path(arguments[0]).write_text(text)
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
