"""The keys that sign tokens: one signs, its predecessors are shown as long as tokens live."""

import secrets
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from infctl.lab.identity import files

ALGORITHM = "ES256"
_SKEW_SECONDS = 60
"""Clocks of those who verify may be behind."""


class Keys:
    """Keys in a file; `life` is how long one signs, `shown` how long it is shown after that."""

    def __init__(self, path: Path, life: int, shown: int) -> None:
        self._path = path
        self._life = life
        self._shown = shown + _SKEW_SECONDS
        self._kept: list[dict[str, Any]] = files.read(path) if path.exists() else []

    def signing(self, now: float) -> ECKey:
        """The key that signs now; a new one where it is old enough."""
        if not self._kept or now - self._kept[0]["since"] >= self._life:
            self.rotate(now)
        return ECKey.import_key(self._kept[0]["key"])

    def rotate(self, now: float) -> None:
        """Let a new key sign, and drop those of which no token lives any more."""
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM})
        plain = {**key.as_dict(private=True), "kid": secrets.token_hex(8)}
        if self._kept:
            self._kept[0]["until"] = now
        self._kept = [{"since": now, "key": plain}, *self._shown_at(now)]
        files.write(self._path, self._kept)

    def public(self, now: float) -> dict[str, Any]:
        """The JSON Web Key Set (RFC 7517): public halves only."""
        self.signing(now)
        shown = (ECKey.import_key(entry["key"]) for entry in self._shown_at(now))
        return {"keys": [key.as_dict(private=False) for key in shown]}

    def _shown_at(self, now: float) -> list[dict[str, Any]]:
        return [k for k in self._kept if now < k.get("until", now) + self._shown]
