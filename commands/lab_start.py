"""Bringing a lab up: from the platform file to parts that are ready, told on stderr."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infctl.commands.context import Context
from infctl.commands.output import note
from infctl.errors import DeadlinePassed, InfctlError, UsageError

if TYPE_CHECKING:
    from infctl.lab.spec import Region

DEFAULT_REGIONS = (("us-east-1", "US"), ("eu-west-1", "IE"), ("ap-south-1", "IN"))
DEFAULT_ZONE = "infctl.test"
_POLL_SECONDS = 0.1
_LINES_OF_FAILED = 5
_GONE = ("failed", "dead")


def choose_regions(context: Context, wanted: int | None) -> tuple[list["Region"], str]:
    """The lab's regions and its DNS zone: those of the platform file, or three usual ones."""
    from infctl.lab.spec import Region

    places, zone = list(DEFAULT_REGIONS), DEFAULT_ZONE
    if context.platform_path.is_file():
        platform = context.load_platform()
        places = [(region.name, region.country) for region in platform.regions]
        zone = platform.service.zone
    if wanted is not None and not 1 <= wanted <= len(places):
        raise UsageError(
            f"--regions {wanted}: there are {len(places)} regions to choose from",
            hint=f"add regions to {context.platform_path}",
        )
    chosen = places[:wanted]
    return [Region(name, i, country) for i, (name, country) in enumerate(chosen, 1)], zone


def bring_up(name: str, regions: Sequence["Region"], zone: str, timeout: float | None) -> None:
    """Start a lab and, where there is a timeout, wait until all parts are ready.

    What did not start is told with its last lines, and nothing half-started remains.
    """
    from infctl.lab import access, lifecycle

    began = time.monotonic()
    lab, claim, kept = lifecycle.new_lab(name, regions, zone)
    note(f"lab {name}: 127.{lab.number}.0.0/16" + (", with the data it had" if kept else ""))
    keep = lifecycle.KEPT if kept else ("logs",)
    try:
        with claim:
            lifecycle.start(lab, claim)
        if timeout is not None:
            _wait_ready(lab.state, began, timeout)
        access.write(lab)
    except BaseException:
        # Also on Ctrl-C: nothing half-started remains, but for the logs.
        with suppress(Exception):
            lifecycle.stop(lab.state, keep=keep)
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
