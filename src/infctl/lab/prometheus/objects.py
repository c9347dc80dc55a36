"""What the metrics controller reads of a region, and what it makes of it."""

from dataclasses import dataclass, field

from infctl.lab.following import Key, Object

GROUP = "monitoring.coreos.com"


@dataclass(slots=True)
class Objects:
    """Kubernetes objects by (namespace, name); namespaces by ("", name)."""

    services: dict[Key, Object] = field(default_factory=dict)
    slices: dict[Key, Object] = field(default_factory=dict)
    pods: dict[Key, Object] = field(default_factory=dict)
    service_monitors: dict[Key, Object] = field(default_factory=dict)
    pod_monitors: dict[Key, Object] = field(default_factory=dict)
    rules: dict[Key, Object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """A scrape job of one endpoint of a monitor: its configuration without discovery, its targets.

    `file` names the file of its targets, which Prometheus watches.
    """

    owner: Object
    file: str
    configuration: Object
    targets: list[Object]

    @property
    def addresses(self) -> set[str]:
        """The host:port pairs that it scrapes."""
        return {address for group in self.targets for address in group["targets"]}


@dataclass(frozen=True, slots=True)
class RuleFile:
    """The rules of one PrometheusRule, as Prometheus reads them."""

    owner: Object
    file: str
    groups: list[Object]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An object that is left out, and why."""

    owner: Object
    reason: str


class Unserved(Exception):
    """An object asks for what is not served here, or cannot be read."""


def refuse_others(given: Object, served: frozenset[str], where: str) -> None:
    """Unserved where `given` has a field beside those that are served."""
    if others := sorted(name for name in given if name not in served):
        raise Unserved(f"{where}{others[0]} is not served in the lab")
