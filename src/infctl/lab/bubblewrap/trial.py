"""Whether bubblewrap works here, and with which words: as root a mount namespace suffices."""

import subprocess

from infctl.lab.bubblewrap.provide import PACKAGE, binary

_WAYS: tuple[tuple[str, ...], ...] = ((), ("--unshare-user",))
_SECONDS = 10
_LONGEST = 200


class Forbidden(Exception):
    """There is no bubblewrap, or the kernel lets it do nothing; says what to do."""


def find_words() -> tuple[str, ...]:
    """What a command begins with that gets mounts of its own; Forbidden if none works."""
    try:
        program = str(binary())
    except FileNotFoundError as error:
        raise Forbidden(f"{error}; next: {PACKAGE.remedy}") from None
    said = ""
    for way in _WAYS:
        words = (program, *way, "--die-with-parent")
        said = _try((*words, "--dev-bind", "/", "/", "true"))
        if not said:
            return words
    raise Forbidden(f"this machine's kernel lets nobody mount: {said}")


def _try(argv: tuple[str, ...]) -> str:
    """Why it does not work; "" if it does."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)[:_LONGEST]
    return done.stderr.strip()[:_LONGEST] or "it failed" if done.returncode else ""
