"""What controllers would write into the status of objects; a FakeCluster calls them."""

from collections.abc import Callable
from typing import Any

Object = dict[str, Any]
Controller = Callable[[Object], None]
"""Changes the status of an object that was written; leaves the rest alone."""


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


def program(address: str) -> Controller:
    """A Gateway controller that gives its Gateways an address."""

    def controller(found: Object) -> None:
        if found["kind"] == "Gateway":
            found["status"] = {
                "conditions": [{"type": "Programmed", "status": "True", "reason": "Programmed"}],
                "addresses": [{"type": "IPAddress", "value": address}],
            }

    return controller
