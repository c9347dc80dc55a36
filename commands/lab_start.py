"""Bringing a lab up: from the platform file to parts that are ready, told on stderr."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infctl.commands.context import Context
from infctl.commands.output import note
from infctl.errors import DeadlinePassed, InfctlError, UsageError

if TYPE_CHECKING:
    from infctl.lab.spec import Region
    from infctl.platform import Platform

OVERLAY = "lab"
"""The platform file's environment whose values hold in every lab."""
DEFAULT_REGIONS = (("us-east-1", "US"), ("eu-west-1", "IE"), ("ap-south-1", "IN"))
DEFAULT_ZONE = "infctl.test"
_POLL_SECONDS = 0.1
_LINES_OF_FAILED = 5
_GONE = ("failed", "dead")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a lab is to have: regions, those of the platform file that it leaves out, its zone.

    `options` are the global options that reach it with this platform file.
    """

    regions: tuple["Region", ...]
    left_out: tuple[str, ...]
    zone: str
    options: str


def choose(context: Context, name: str, wanted: int | None, nodes: int) -> Choice:
    """What a lab of that name is to have: as the platform file says, or three usual regions.

    Each has so many nodes.
    """
    from infctl.lab.spec import Region

    places, zone, default = list(DEFAULT_REGIONS), DEFAULT_ZONE, OVERLAY
    if context.has_named_platform or context.platform_path.is_file():
        platform = _platform_for(context, name)
        places = [(region.name, region.country) for region in platform.regions]
        zone, default = platform.service.zone, platform.default_environment
    if wanted is not None and not 1 <= wanted <= len(places):
        raise UsageError(
            f"--regions {wanted}: there are {len(places)} regions to choose from",
            hint=f"add regions to {context.platform_path}",
        )
    count = len(places) if wanted is None else wanted
    return Choice(
        tuple(
            Region(place, i, country, nodes) for i, (place, country) in enumerate(places[:count], 1)
        ),
        tuple(place for place, _ in places[count:]),
        zone,
        "" if name == (context.named_environment or default) else f"--env {name} ",
    )


def _platform_for(context: Context, name: str) -> "Platform":
    """The platform as labs see it; an environment of another class lends its name to none."""
    from infctl.platform import load

    context.check_platform()
    platform = load(context.platform_path, OVERLAY)
    namesake = platform.environments.get(name)
    if namesake is not None and namesake.kind != platform.environment_class:
        raise UsageError(
            f"{name} is an environment of class {namesake.kind} in {context.platform_path}",
            hint="infctl lab up --name OTHER",
        )
    return platform


def bring_up(name: str, choice: Choice, timeout: float | None) -> None:
    """Start a lab and, where there is a timeout, wait until all parts are ready.

    What did not start is told with its last lines, and nothing half-started remains.
    """
    from infctl.lab import access, lifecycle

    began = time.monotonic()
    access.check_free(name)
    lab, claim, kept = lifecycle.new_lab(name, choice.regions, choice.zone)
    note(f"lab {name}: 127.{lab.number}.0.0/16" + (", with the data it had" if kept else ""))
    keep = lifecycle.KEPT if kept else ("logs",)
    try:
        with claim:
            lifecycle.start(lab, claim)
        if timeout is not None:
            _wait_ready(lab.state, began, timeout)
        access.write(lab, choice.left_out)
    except BaseException as reason:
        # Also on Ctrl-C: nothing half-started remains, but for the logs.
        with suppress(Exception):
            lifecycle.stop(lab.state, keep=keep)
        if isinstance(reason, (KeyboardInterrupt, SystemExit)):
            note("interrupted; the lab was taken down again, its logs are kept")
        raise


def _wait_ready(state: Path, began: float, timeout: float) -> None:
    from infctl.lab import lifecycle

    told: set[str] = set()
    while True:
        status = lifecycle.read_status(state)
        parts = status["parts"]
        for group in _ready_groups(parts) - told:
            told.add(group)
            note(f"{group}: ready after {time.monotonic() - began:.1f} s")
        states = {part["state"] for part in parts}
        if states == {"ready"}:
            return
        if states & set(_GONE):
            raise _explain_failure(parts, state)
        if time.monotonic() - began > timeout:
            late = ", ".join(f"{p['name']} ({p['reason']})" for p in parts if p["state"] != "ready")
            raise DeadlinePassed(
                f"not ready after {timeout:g} s: {late}",
                unchanged="the lab was taken down again",
                hint=f"infctl lab up --timeout {2 * timeout:g}",
            )
        time.sleep(_POLL_SECONDS)


def _ready_groups(parts: Sequence[Mapping[str, Any]]) -> set[str]:
    """The regions all of whose parts are ready; "shared" for the parts of none."""
    groups = {part["region"] or "shared" for part in parts}
    return groups - {p["region"] or "shared" for p in parts if p["state"] != "ready"}


def _explain_failure(parts: Sequence[Mapping[str, Any]], state: Path) -> InfctlError:
    from infctl.lab.supervisor import logs

    failed = [p for p in parts if p["state"] in _GONE and not p["reason"].startswith("needs ")]
    lines = []
    for part in failed:
        lines.append(f"{part['name']}: {part['state']}, {part['reason']}")
        lines += [f"    {line}" for line in logs.tail(Path(part["log"]), _LINES_OF_FAILED)]
    return InfctlError(
        f"the lab did not start; {len(failed)} of {len(parts)} parts failed\n" + "\n".join(lines),
        unchanged="the lab was taken down again; its logs are kept",
        hint=f"infctl lab logs {failed[0]['name'] if failed else 'PART'}, or see {state / 'logs'}",
    )
