"""Which nodes of a region a fault has taken, as the lab tells its agent.

Two files beside the region's others, both `{node: "kill" | "freeze"}`: what the lab wants, and what
the agent holds. An agent that starts finds there what was wanted before it lived.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from infctl.lab.spec import Lab, Region

Losses = Mapping[str, str]
"""The kind of fault by the node's name."""
POLL_SECONDS = 0.1


def wanted_path(lab: Lab, region: Region) -> Path:
    """What the lab wants."""
    return lab.folder(region) / "lost-nodes.json"


def held_path(lab: Lab, region: Region) -> Path:
    """What the agent holds: nothing of these nodes answers, and nothing of them is started."""
    return lab.folder(region) / "held-nodes.json"


def read(path: Path) -> dict[str, str]:
    """The losses in a file; none where it is missing."""
    try:
        found = json.loads(path.read_text())
        return {str(node): str(kind) for node, kind in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def write(path: Path, losses: Losses) -> None:
    """Write a file, all of it at one moment."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(dict(losses)))
    temporary.replace(path)


async def follow(path: Path, take: Callable[[Losses], Awaitable[None]]) -> None:
    """Hand on what a file holds each time that differs, for ever."""
    known: Losses = {}
    while True:
        # A file of a few bytes; the kernel's notices would need a library.
        if (wanted := read(path)) != known:
            await take(wanted)
            known = wanted
        await asyncio.sleep(POLL_SECONDS)
