"""The files that Prometheus reads: each is replaced whole, and the configuration comes last.

A file of rules bears a digest of its content in its name, so the configuration, which names it,
is the one place in which a change takes effect.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from infctl.lab.following import Object
from infctl.lab.prometheus.objects import Job, RuleFile

CONFIGURATION = "prometheus.yml"
TARGETS = "targets"
RULES = "rules"


def write_json(path: Path, content: Any) -> bool:
    """Replace a file in one step, so that nobody reads half of it; False where it says so already.

    JSON is YAML.
    """
    text = json.dumps(content, indent=1)
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(".new")
    temporary.write_text(text)
    temporary.replace(path)
    return True


def targets_of(folder: Path, job: Job) -> Path:
    """The file of a job's targets."""
    return folder / TARGETS / f"{job.file}.json"


def rules_of(folder: Path, file: RuleFile) -> Path:
    """The file of an object's rules."""
    digest = hashlib.sha256(json.dumps(file.groups, sort_keys=True).encode()).hexdigest()
    return folder / RULES / f"{file.file}-{digest[:16]}.json"


def write_all(folder: Path, jobs: list[Job], rules: list[RuleFile], configuration: Object) -> bool:
    """Write what changed; whether Prometheus must read its configuration again."""
    for job in jobs:
        write_json(targets_of(folder, job), job.targets)
    for file in rules:
        write_json(rules_of(folder, file), {"groups": file.groups})
    return write_json(folder / CONFIGURATION, configuration)


def remove_others(folder: Path, jobs: Iterable[Job], rules: Iterable[RuleFile]) -> None:
    """Remove files that Prometheus, which has read its configuration, does not use any more."""
    kept = {targets_of(folder, job) for job in jobs} | {rules_of(folder, file) for file in rules}
    for name in (TARGETS, RULES):
        for path in (folder / name).glob("*.json"):
            if path not in kept:
                path.unlink(missing_ok=True)
