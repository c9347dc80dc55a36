"""What a lab is: a name, a number, regions and the folder that holds everything of it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from infctl.lab import addresses


@dataclass(frozen=True, slots=True)
class Timings:
    """Health-check and metrics timings in seconds."""

    scrape_interval: float = 2.0


@dataclass(frozen=True, slots=True)
class Region:
    """A region of a lab; `number` is its third octet, from 1. `nodes` is how many it has."""

    name: str
    number: int
    country: str = ""
    nodes: int = 2


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab's specification, written once by `lab up` into `state`/lab.json and read by all parts.

    `number` is the second octet of all its addresses. `state` is an absolute folder, mode 0700.
    `ipv6` is whether the first region's gateway answers at ::1 too: the machine has but one.
    """

    name: str
    number: int
    state: Path
    regions: tuple[Region, ...]
    zone: str = "infctl.test"
    timings: Timings = field(default_factory=Timings)
    ipv6: bool = False

    def region(self, name: str) -> Region:
        """The region of that name; KeyError if there is none."""
        for region in self.regions:
            if region.name == name:
                return region
        raise KeyError(name)

    def folder(self, region: Region | None = None) -> Path:
        """The folder of a region's files, or of the shared ones."""
        return self.state / "regions" / region.name if region else self.state / "shared"

    def log(self, part: str) -> Path:
        """Where a part's output goes."""
        return self.state / "logs" / f"{part}.log"

    @property
    def admin_socket(self) -> Path:
        """The supervisor's admin API, mode 0600."""
        return self.state / "admin.sock"

    @property
    def ca(self) -> Path:
        """The certificate of the lab's own authority."""
        return self.state / "pki" / "ca.crt"

    @property
    def kubeconfig(self) -> Path:
        """For users: a context per region, named like the region."""
        return self.state / "kubeconfig"

    def api_url(self, region: Region) -> str:
        """Where the region's own parts reach its Kubernetes API, whatever ails its edge."""
        return f"https://{self.inner(region, 'api')}:{addresses.API_PORT}"

    def edge_api_url(self, region: Region) -> str:
        """Where others reach the region's Kubernetes API."""
        return f"https://{self.edge(region, 'api')}:{addresses.API_PORT}"

    def path(self, region: Region, other: Region, part: str) -> str:
        """The host:port by which a region's own parts reach a part of another region.

        Parts are those of `addresses.PATHS`. A fault can cut it in one direction of two regions.
        """
        host, port = addresses.path(self.number, region.number, other.number, part)
        return f"{host}:{port}"

    def edge(self, region: Region, part: str) -> str:
        """The edge address of a part."""
        return addresses.edge(self.number, region.number, part)

    def inner(self, region: Region, part: str) -> str:
        """The inner address of a part."""
        return addresses.inner(self.number, region.number, part)

    def shared(self, part: str) -> str:
        """The address of a shared part."""
        return addresses.shared(self.number, part)

    def save(self) -> None:
        """Write lab.json."""
        plain = {**asdict(self), "state": str(self.state)}
        (self.state / "lab.json").write_text(json.dumps(plain, indent=1))


def load(state: Path) -> Lab:
    """Read lab.json of a lab's folder."""
    plain = json.loads((state / "lab.json").read_text())
    plain["state"] = Path(plain["state"])
    plain["regions"] = tuple(Region(**r) for r in plain["regions"])
    plain["timings"] = Timings(**plain["timings"])
    return Lab(**plain)
