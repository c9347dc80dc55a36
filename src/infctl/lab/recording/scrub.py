"""Takes secrets out of text: those of the lab, and whatever looks like one."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

REMOVED = "[removed]"
_SHORTEST = 8
_PATTERNS = (
    re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
    ),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"),
    re.compile(r"(?i)(?<=bearer )[^\s\"',;]{8,}"),
    re.compile(
        r"(?i)(?<![A-Za-z])(?:password|passwd|secret|token|api[_-]?key|secret_access_key)"
        r"(?P<quote>[\"']?\s*[:=]\s*[\"']?)(?P<value>[^\s\"',;&]{8,})"
    ),
)


class Scrubber:
    """Replaces the secrets that it was given, and patterns of others."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def clean_known(self, text: str) -> str:
        """The text without the secrets that were given."""
        return text if self._known is None else self._known.sub(REMOVED, text)

    def clean_value(self, value: Any) -> Any:
        """JSON of which every text is clean."""
        if isinstance(value, dict):
            return {key: self.clean_value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.clean_value(item) for item in value]
        return self.clean(value) if isinstance(value, str) else value

    def clean(self, text: str) -> str:
        """The text without secrets."""
        text = self.clean_known(text)
        for pattern in _PATTERNS:
            text = pattern.sub(_replacement, text)
        return text


def _replacement(match: "re.Match[str]") -> str:
    value = match.groupdict().get("value")
    return match[0].replace(value, REMOVED) if value else REMOVED


def secrets_of(pki: Path) -> set[str]:
    """The lab's own tokens and keys, whatever its certificates' folder holds."""
    found: set[str] = set()
    for path in sorted(pki.rglob("*")) if pki.is_dir() else ():
        if path.is_file() and path.suffix != ".crt":
            found |= _secrets_in(path.read_text(errors="replace"))
    return found


def _secrets_in(text: str) -> set[str]:
    """Every text in JSON, first fields of a token file, and lines of a key."""
    try:
        return set(_texts(json.loads(text)))
    except ValueError:
        lines = [line.strip() for line in text.splitlines()]
        return {line.partition(",")[0] for line in lines if line and not line.startswith("-----")}


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
