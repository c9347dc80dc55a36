"""Prints errors: what happened, what was left unchanged, the next command to type."""

import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from infctl.errors import Exit, InfctlError
from infctl.model.text import clean


def report(error: InfctlError, *, as_json: bool = False) -> int:
    """Print one error on stderr and return its exit code."""
    if as_json:
        body = {
            "code": int(error.exit_code),
            "type": type(error).__name__,
            "message": clean(error.what),
            "unchanged": clean(error.unchanged),
            "hint": clean(error.hint),
        }
        print(json.dumps({"error": body}), file=sys.stderr)
        return error.exit_code
    print(f"error: {clean(error.what, newlines=True)}", file=sys.stderr)
    if error.unchanged:
        print(f"unchanged: {clean(error.unchanged)}", file=sys.stderr)
    if error.hint:
        print(f"try: {clean(error.hint, newlines=True)}", file=sys.stderr)
    return error.exit_code


def report_bug(error: Exception, arguments: Sequence[str]) -> int:
    """Write a report without local variables or argument values, print its path, return 70."""
    try:
        path = _write_report(error, arguments)
    except OSError:
        print(f"error: a bug in infctl: {type(error).__name__}", file=sys.stderr)
        return Exit.BUG
    print(f"error: a bug in infctl: {type(error).__name__}", file=sys.stderr)
    print(f"try: send us {path}", file=sys.stderr)
    return Exit.BUG


def _write_report(error: Exception, arguments: Sequence[str]) -> Path:
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    folder = Path(state) / "infctl" / "crash"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    words = [a for a in arguments if a.isalpha()]
    frames = "".join(traceback.format_tb(error.__traceback__))
    text = f"command: {' '.join(words)}\n{type(error).__name__}\n{frames}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return path
