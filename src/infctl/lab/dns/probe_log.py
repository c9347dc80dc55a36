"""Every probe as a line of JSON, in a file that is rotated by size."""

import json
import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from infctl.lab.dns.health import Conclusion, Result

_BYTES = 8_000_000
_OLDER_FILES = 3


class ProbeLog:
    """Writes `{at, check, checker, passed, healthy, status, seconds}`, `at` since the epoch.

    `passed` is this probe's result, `healthy` what its checker concluded after it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._handler = RotatingFileHandler(path, maxBytes=_BYTES, backupCount=_OLDER_FILES)

    def write(self, check: str, checker: str, result: Result, after: Conclusion) -> None:
        """Append one probe."""
        line = {
            "at": round(result.at, 4),
            "check": check,
            "checker": checker,
            "passed": result.passed,
            "healthy": after.healthy,
            "status": result.status,
            "seconds": round(result.seconds, 4),
        }
        text = json.dumps(line)
        self._handler.emit(logging.LogRecord("probe", logging.INFO, "", 0, text, None, None))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()
