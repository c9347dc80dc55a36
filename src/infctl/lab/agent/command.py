"""From a container's spec, its image and its pod to what is executed; pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Protocol

from infctl.lab.agent.facts import Object, PodFacts
from infctl.lab.agent.resources import resource_value

Key = tuple[str, str]
"""A kind (ConfigMap or Secret) and a name."""
Found = Mapping[Key, Mapping[str, str] | None]
"""The data of the objects that a container refers to; None for one that does not exist."""

_REFERENCE = re.compile(r"\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)")
_SOURCES = {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}
_WHOLE_SOURCES = {"configMapRef": "ConfigMap", "secretRef": "Secret"}


class Image(Protocol):
    """What a container image is in the lab."""

    @property
    def reference(self) -> str:
        """Its name, with its digest where it has one."""
        ...

    @property
    def argv(self) -> tuple[str, ...]:
        """The entry point."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Its variables; ${POD_ADDRESS} and the like are filled in."""
        ...

    @property
    def folder(self) -> Path:
        """The working folder."""
        ...

    def missing(self) -> str:
        """Why it cannot run now; "" if it can."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """What is executed, where, with which whole environment."""

    argv: tuple[str, ...]
    environment: dict[str, str]
    folder: str
    wrapper: tuple[str, ...] = ()
    """What gives it mounts of its own; nothing for a command that sees the machine as it is."""


class CannotStart(Exception):
    """A container cannot be started now: the reason that its status and its event give."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


def make_command(container: Object, image: Image, facts: PodFacts, found: Found) -> Command:
    """The command of a container; CannotStart where its spec asks for what is not there."""
    own = _own_environment(container, facts, found)
    given = {name: Template(v).safe_substitute(facts.placeholders()) for name, v in _image(image)}
    environment = {**_base(facts), **given, **own}
    start = [expand(word, own) for word in container.get("command") or image.argv]
    words = [expand(word, own) for word in container.get("args") or ()]
    folder = container.get("workingDir") or str(image.folder)
    return Command((*start, *words), environment, folder)


def wanted_objects(container: Object) -> set[Key]:
    """The ConfigMaps and Secrets that the environment of a container refers to."""
    wanted = set()
    for entry in container.get("env") or ():
        source = entry.get("valueFrom") or {}
        wanted |= {(kind, source[f]["name"]) for f, kind in _SOURCES.items() if f in source}
    for entry in container.get("envFrom") or ():
        wanted |= {(kind, entry[f]["name"]) for f, kind in _WHOLE_SOURCES.items() if f in entry}
    return wanted


def expand(text: str, values: Mapping[str, str]) -> str:
    """Fill in $(NAME) as Kubernetes does: unknown names stay, $$ is a dollar sign."""

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        return "$" if name is None else values.get(name, match.group(0))

    return _REFERENCE.sub(fill, text)


def _base(facts: PodFacts) -> dict[str, str]:
    host, _, port = facts.api.rpartition(":")
    return {
        # There is no kube-proxy: the API server itself stands where its service would.
        "KUBERNETES_SERVICE_HOST": host,
        "KUBERNETES_SERVICE_PORT": port,
        "KUBERNETES_SERVICE_PORT_HTTPS": port,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOSTNAME": facts.name,
        "HOME": facts.scratch,
        "TMPDIR": facts.scratch,
    }


def _image(image: Image) -> list[tuple[str, str]]:
    return list(image.environment.items())


def _own_environment(container: Object, facts: PodFacts, found: Found) -> dict[str, str]:
    values: dict[str, str] = {}
    for entry in container.get("envFrom") or ():
        values |= _whole_source(entry, found)
    for entry in container.get("env") or ():
        value = _value(entry, values, facts, found, container)
        if value is not None:
            values[entry["name"]] = value
    return values


def _whole_source(entry: Object, found: Found) -> dict[str, str]:
    for field, kind in _WHOLE_SOURCES.items():
        if field in entry:
            data = found.get((kind, entry[field]["name"]))
            if data is None and not entry[field].get("optional"):
                raise _config_error(f'{kind.lower()} "{entry[field]["name"]}" not found')
            return {entry.get("prefix", "") + key: value for key, value in (data or {}).items()}
    return {}


def _value(
    entry: Object, values: dict[str, str], facts: PodFacts, found: Found, container: Object
) -> str | None:
    source = entry.get("valueFrom")
    if not source:
        return expand(entry.get("value", ""), values)
    if "fieldRef" in source:
        path = source["fieldRef"]["fieldPath"]
        value = facts.field(path)
        if value is None:
            raise _config_error(f"the lab's nodes do not know the field {path}")
        return value
    if "resourceFieldRef" in source:
        return _resource(source["resourceFieldRef"], container)
    for field, kind in _SOURCES.items():
        if field in source:
            return _keyed(source[field], kind, found)
    raise _config_error(f"the lab's nodes know no {', '.join(source)} in an environment")


def _resource(source: Object, container: Object) -> str:
    try:
        return resource_value(source, container)
    except ValueError as error:
        raise _config_error(str(error)) from None


def _keyed(source: Object, kind: str, found: Found) -> str | None:
    data = found.get((kind, source["name"]))
    if data is not None and source["key"] in data:
        return data[source["key"]]
    if source.get("optional"):
        return None
    if data is None:
        raise _config_error(f'{kind.lower()} "{source["name"]}" not found')
    raise _config_error(f"couldn't find key {source['key']} in {kind} {source['name']}")


def _config_error(message: str) -> CannotStart:
    return CannotStart("CreateContainerConfigError", message)
