"""Half an hour of faults by seed, under load: nothing leaks, and all is healed in the end.

INFCTL_WHOLE=1 runs it, INFCTL_SOAK_MINUTES and INFCTL_SOAK_SEED choose for how long and by what.
"""

import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from living import Living, until
from soaking import Drawn, Uses, draw, figures, grown, measure, of_lab

from infctl.lab.client import ask
from infctl.lab.errors import LabError

MINUTES = float(os.environ.get("INFCTL_SOAK_MINUTES", "30"))
SEED = os.environ.get("INFCTL_SOAK_SEED", "20261126")
WARM_SECONDS = 45.0
QUIET_SECONDS = 30.0
AT_ONCE = 2
NAME = "soak"

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(60 * (MINUTES + 15)),
    pytest.mark.skipif(not os.environ.get("INFCTL_WHOLE"), reason="takes half an hour"),
]


@pytest.fixture
def soaked() -> Iterator[Living]:
    """A lab of two regions of its own, under load."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        found = Living(Path(folder))
        found.environment["INFCTL_ENV"] = NAME
        try:
            found.run("lab", "up", "--name", NAME, "--regions", "2", timeout=200)
            found.run("deploy", "apply", timeout=200)
            until(lambda: _is_healthy(found), 90, "both regions are healthy")
            found.run(
                "lab", "load", "start", "--name", NAME, "--rate", "30",
                "--country", "DE", "--country", "US", "--for", f"{MINUTES + 14:.0f}m",
            )  # fmt: skip
            yield found
        finally:
            found.run("lab", "down", "--name", NAME, timeout=60, code=None)
            left = until_gone(found.state(NAME))
            assert not left, f"processes {left} outlived `lab down`"


def until_gone(state: Path) -> list[int]:
    """The lab's processes that are there after five seconds."""
    deadline = time.monotonic() + 5
    while (left := of_lab(state)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def test_faults_by_seed_leave_nothing_behind(
    soaked: Living, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = soaked.lab(NAME)
    time.sleep(WARM_SECONDS)
    first = measure(lab.state, lab.number)
    counts, told = _hurt(soaked)
    until(lambda: not _faults(soaked), 60, "no fault is in force")
    until(lambda: not _not_ready(soaked), 120, f"all parts are ready, not {_not_ready(soaked)}")
    until(lambda: _is_healthy(soaked), 120, "both regions are healthy")
    time.sleep(QUIET_SECONDS)
    last = until_same(first, soaked)
    with capsys.disabled():
        print(f"\nseed {SEED}, {MINUTES:g} minutes: {dict(sorted(counts.items()))}")
        print("\n".join(told) or "every fault was taken and every heal brought everything back")
        print(figures(first, last))
    assert grown(first, last) == []
    load = soaked.read("lab", "load", "stop", "--name", NAME)
    assert sum(row["requests"] - row["failed"] for row in load["items"]) > MINUTES * 60


def until_same(first: Uses, living: Living) -> Uses:
    """The lab's uses; pods that end are waited for."""
    lab = living.lab(NAME)
    deadline = time.monotonic() + 60
    while True:
        last = measure(lab.state, lab.number)
        if not grown(first, last) or time.monotonic() > deadline:
            return last
        time.sleep(2)


def _hurt(living: Living) -> tuple[Counter[str], list[str]]:
    """Inject what the seed draws, two at once; how many of each kind, and what the lab said."""
    lab = living.lab(NAME)
    parts = living.parts(NAME).keys() - {"supervisor", *_pods(living)}
    faults = draw(SEED, parts, [region.name for region in lab.regions])
    pauses = random.Random(f"{SEED} pauses")
    counts: Counter[str] = Counter()
    told: list[str] = []
    running: list[tuple[str, Drawn, float]] = []
    end = time.monotonic() + MINUTES * 60
    while time.monotonic() < end or running:
        if len(running) < AT_ONCE and time.monotonic() < end:
            fault, name = next(faults), f"soak-{counts.total()}"
            said = _ask(living, "PUT", name, fault)
            counts[fault.kind if not said else f"{fault.kind} refused"] += 1
            told += [said] if said else []
            running += [] if said else [(name, fault, time.monotonic() + fault.seconds)]
        time.sleep(pauses.uniform(0.5, 4))
        over = [entry for entry in running if time.monotonic() >= entry[2]]
        running = [entry for entry in running if entry not in over]
        healed = [(name, fault) for name, fault, _ in over if fault.is_healed]
        told += [said for name, fault in healed if (said := _ask(living, "DELETE", name, fault))]
    return counts, told


def _ask(living: Living, method: str, name: str, fault: Drawn) -> str:
    """What the lab says where it cannot, or where not all came back at once; empty if all is well.

    A region that is dead or cut off cannot be overloaded; what is held by another fault stays down.
    """
    body = fault.body() if method == "PUT" else None
    try:
        ask(living.lab(NAME).admin_socket, method, f"/faults/{name}", body, timeout=90)
    except LabError as error:
        return f"{method} {name} ({fault.kind} {fault.target}): {error.what}"
    return ""


def _faults(living: Living) -> list[object]:
    found: list[object] = ask(living.lab(NAME).admin_socket, "GET", "/faults")["faults"]
    return found


def _pods(living: Living) -> set[str]:
    return {name for name in living.parts(NAME) if name.startswith("pods-")}


def _not_ready(living: Living) -> dict[str, str]:
    others = {"supervisor", *_pods(living)}
    return {
        name: f"{part['state']}: {part['reason']}"
        for name, part in living.parts(NAME).items()
        if name not in others and part["state"] != "ready"
    }


def _is_healthy(living: Living) -> bool:
    states = {row["state"] for row in living.regions().values()}
    return states == {"healthy"}
