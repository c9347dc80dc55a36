"""What all pods of a region share: its API server, its images, its records."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from infctl.lab.agent.allocation import Allocation
from infctl.lab.agent.command import Image
from infctl.lab.agent.events import Events
from infctl.lab.agent.records import Records
from infctl.lab.cluster import Cluster

FindImage = Callable[[str], Image]
"""Finds an image by reference; KeyError if there is none."""


@dataclass(frozen=True, slots=True)
class Host:
    """The surroundings of pods; `nodes` are the region's, address by name."""

    cluster: Cluster
    events: Events
    session: aiohttp.ClientSession
    records: Records
    allocation: Allocation
    find_image: FindImage
    nodes: Mapping[str, str]
    region: str
    cloud: str

    @property
    def api(self) -> str:
        """Where pods reach their API server, `host:port`."""
        return urlsplit(self.cluster.base).netloc
