"""The processes of a region that are nobody's part: the pods that its agent started."""

from importlib.util import find_spec

from infctl.lab.processes import Process
from infctl.lab.spec import Lab


def residents(lab: Lab, region: str) -> list[Process]:
    """The pods' processes, as the region's agent recorded them."""
    if find_spec("infctl.lab.agent") is None:
        return []
    from importlib import import_module

    found = import_module("infctl.lab.agent").processes(lab, lab.region(region))
    return [Process(p.pid, p.started) for p in found]
