"""Who may talk to the lab's Kubernetes APIs: static tokens, made once per lab, mode 0600."""

import json
import os
import secrets
from pathlib import Path

from infctl.lab.spec import Lab

USERS: dict[str, tuple[str, ...]] = {
    "operator": ("infctl:operators",),
    "viewer": ("infctl:viewers",),
    "agent": ("infctl:agents",),
    "gateway": ("infctl:gateways",),
    "autoscaler": ("infctl:autoscalers",),
    "metrics": ("infctl:metrics",),
    "prometheus": ("infctl:prometheus",),
    "controller-manager": ("infctl:control-plane",),
    "scheduler": ("infctl:control-plane",),
    "lab": ("system:masters",),
}
"""Each user's groups; `lab` alone is all-powerful, and installs roles and definitions."""
_KNOWN_AS = {
    "controller-manager": "system:kube-controller-manager",
    "scheduler": "system:kube-scheduler",
}
"""Kubernetes grants these two what they need by name."""


def ensure_tokens(lab: Lab) -> None:
    """Make the tokens where they are missing."""
    path = _path(lab)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(path, json.dumps({user: secrets.token_urlsafe(32) for user in USERS}))


def token(lab: Lab, user: str) -> str:
    """The bearer token of a user; KeyError for an unknown one."""
    tokens: dict[str, str] = json.loads(_path(lab).read_text())
    return tokens[user]


def write_token_file(lab: Lab, path: Path) -> None:
    """The API server's static token file."""
    lines = [
        f'{token(lab, user)},{_KNOWN_AS.get(user, f"infctl:{user}")},{user},"{",".join(groups)}"'
        for user, groups in USERS.items()
    ]
    _write(path, "\n".join(lines) + "\n")


def _path(lab: Lab) -> Path:
    return lab.state / "pki" / "tokens.json"


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
