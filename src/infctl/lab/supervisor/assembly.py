"""Which parts a lab has: here the packages of the lab meet, and nowhere else."""

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from infctl.lab.errors import LabError
from infctl.lab.part import Part
from infctl.lab.spec import Lab, Region
from infctl.lab.supervisor.residents import residents
from infctl.lab.supervisor.service import Assembly

SHARED = ("identity", "cloud", "dns", "traces")
REGIONAL = (
    "controlplane",
    "prometheus",
    "response_cache",
    "agent",
    "gateway",
    "edge",
    "autoscaler",
)
Argv = Callable[[str], tuple[str, ...]]


def assemble(lab: Lab) -> Assembly:
    """Write every part's files and describe the parts; LabError where a program is missing."""
    fetch, control_plane = _package("fetch"), _package("controlplane")
    for region in lab.regions:
        for name in REGIONAL:
            _prepare(name, lab, region)
    control_plane.write_kubeconfig(lab)
    control_plane.parse_definitions(lab, fetch.definitions_folder())
    try:
        return Assembly(_describe(lab, fetch.argv), lambda region: residents(lab, region))
    except FileNotFoundError as error:
        raise LabError(str(error), "infctl lab fetch") from error


def _describe(lab: Lab, argv: Argv) -> list[Part]:
    parts: list[Part] = []
    for name in SHARED:
        parts += _package(name).parts(lab)
    for region in lab.regions:
        parts += _package("controlplane").parts(lab, region, argv)
        for name in REGIONAL[1:]:
            parts += _parts(name, lab, region)
    return parts


def _parts(name: str, lab: Lab, region: Region) -> Sequence[Part]:
    found: Sequence[Part] = _package(name).parts(lab, region)
    return found


def _prepare(name: str, lab: Lab, region: Region) -> None:
    prepare = getattr(_package(name), "prepare", None)
    if prepare:
        prepare(lab, region)


def _package(name: str) -> Any:
    if find_spec(f"infctl.lab.{name}") is None:
        raise LabError(f"this infctl was built without the lab's {name}")
    return import_module(f"infctl.lab.{name}")
