"""What controllers would write into the status of objects; a FakeCluster calls them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infctl.ports.clock import Clock

Object = dict[str, Any]
Controller = Callable[[Object], None]
"""Changes the status of an object that was written; leaves the rest alone."""


_UNDATED = "2026-01-01T00:00:00Z"


def date(clock: Clock) -> Controller:
    """The API server's clock: objects are made when it says, in whole seconds."""

    def controller(found: Object) -> None:
        if found["metadata"].get("creationTimestamp") == _UNDATED:
            moment = datetime.fromtimestamp(clock.wall(), UTC).replace(microsecond=0)
            found["metadata"]["creationTimestamp"] = moment.isoformat().replace("+00:00", "Z")

    return controller


def roll_out(found: Object) -> None:
    """A Deployment whose pods are all ready at once."""
    if found["kind"] != "Deployment":
        return
    wanted = found["spec"].get("replicas", 1)
    counts = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
    found["status"] = {
        **dict.fromkeys(counts, wanted),
        "observedGeneration": found["metadata"]["generation"],
    }


def take_up(found: Object) -> None:
    """A gateway controller that does at once what an HTTPRoute says."""
    if found["kind"] != "HTTPRoute":
        return
    generation = found["metadata"]["generation"]
    conditions = [
        {"type": word, "status": "True", "reason": word, "observedGeneration": generation}
        for word in ("Accepted", "ResolvedRefs")
    ]
    found["status"] = {"parents": [{"conditions": conditions}]}


def program(address: str) -> Controller:
    """A Gateway controller that gives its Gateways an address."""

    def controller(found: Object) -> None:
        if found["kind"] == "Gateway":
            found["status"] = {
                "conditions": [{"type": "Programmed", "status": "True", "reason": "Programmed"}],
                "addresses": [{"type": "IPAddress", "value": address}],
            }

    return controller
