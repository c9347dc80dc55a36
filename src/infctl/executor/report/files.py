"""The four files, each written whole or not at all."""

import json
import os
from pathlib import Path

from infctl.executor.report.content import RunReport, run_json
from infctl.executor.report.junit import make_junit
from infctl.executor.report.page import make_page
from infctl.executor.report.summary import make_summary

NAMES = ("run.json", "junit.xml", "summary.md", "report.html")


def write_report(folder: Path, report: RunReport) -> tuple[Path, ...]:
    """Write run.json, junit.xml, summary.md and report.html into `folder`, mode 0600."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = (
        json.dumps(run_json(report), indent=2, sort_keys=True).encode() + b"\n",
        make_junit(report),
        make_summary(report).encode(),
        make_page(report).encode(),
    )
    for name, content in zip(NAMES, made, strict=True):
        _write(folder / name, content)
    return tuple(folder / name for name in NAMES)


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
