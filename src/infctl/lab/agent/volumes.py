"""What a pod's volumes hold, from the objects that they are made of; pure."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from infctl.lab.agent.command import Key
from infctl.lab.agent.facts import Object, PodFacts
from infctl.lab.agent.resources import resource_value

Contents = Mapping[Key, Mapping[str, bytes] | None]
"""The data of ConfigMaps and Secrets; None for one that does not exist."""
Tokens = Mapping[tuple[str, int], str]
"""Tokens of the pod's service account by audience and lifetime in seconds."""
TOKEN_PREFIX = "kube-api-access-"  # noqa: S105
_DEFAULT_MODE = 0o644
_DEFAULT_LIFETIME = 3600
_OBJECTS = {"configMap": ("ConfigMap", "name"), "secret": ("Secret", "secretName")}
_KINDS = ("configMap", "secret", "projected", "downwardAPI", "emptyDir")
_SOURCES = ("configMap", "secret", "downwardAPI", "serviceAccountToken")


class CannotMount(Exception):
    """A volume cannot be had now; says why."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a volume."""

    content: bytes
    mode: int = _DEFAULT_MODE


def unknown_volumes(spec: Object) -> list[str]:
    """Volumes that the lab has not; a pod with one is not started."""
    return [
        f"{volume['name']} ({kind})"
        for volume in spec.get("volumes") or ()
        for kind in (_kind(volume),)
        if kind not in _KINDS
    ]


def is_token(volume: Object) -> bool:
    """The credentials that Kubernetes adds to each pod that does not refuse them."""
    return "projected" in volume and str(volume["name"]).startswith(TOKEN_PREFIX)


def wanted_objects(volumes: Iterable[Object]) -> set[Key]:
    """The ConfigMaps and Secrets that volumes are made of."""
    return {
        (kind, name)
        for volume in volumes
        for _, source in _sources(volume)
        for kind, name in _object_of(source)
    }


def wanted_tokens(volumes: Iterable[Object]) -> set[tuple[str, int]]:
    """The tokens that volumes hold, by audience and lifetime."""
    return {
        _token_key(source["serviceAccountToken"])
        for volume in volumes
        for _, source in _sources(volume)
        if "serviceAccountToken" in source
    }


def make_files(
    volume: Object, facts: PodFacts, contents: Contents, tokens: Tokens
) -> dict[str, File]:
    """The files of a volume by their path in it; CannotMount where one cannot be made."""
    files: dict[str, File] = {}
    for default, source in _sources(volume):
        for kind, name in _object_of(source):
            files |= _of_object(source, kind, name, contents.get((kind, name)), default)
        if "downwardAPI" in source:
            files |= _of_pod(source["downwardAPI"], facts, default)
        if "serviceAccountToken" in source:
            asked = source["serviceAccountToken"]
            files[asked["path"]] = File(tokens[_token_key(asked)].encode(), 0o600)
    return files


def _sources(volume: Object) -> Iterator[tuple[int, Object]]:
    """The sources of a volume, each with the mode that its files have."""
    kind = _kind(volume)
    if kind == "projected":
        default = volume[kind].get("defaultMode", _DEFAULT_MODE)
        for source in volume[kind].get("sources") or ():
            if unknown := [key for key in source if key not in _SOURCES]:
                raise CannotMount(f"the lab has no {', '.join(unknown)} in a projected volume")
            yield default, source
    elif kind in _KINDS and kind != "emptyDir":
        yield volume[kind].get("defaultMode", _DEFAULT_MODE), volume


def _object_of(source: Object) -> Iterator[Key]:
    for field, (kind, naming) in _OBJECTS.items():
        if field in source:
            # In a projected volume a Secret is named as a ConfigMap is.
            yield kind, source[field].get(naming) or source[field]["name"]


def _of_object(
    source: Object, kind: str, name: str, data: Mapping[str, bytes] | None, default: int
) -> dict[str, File]:
    asked = source["configMap" if kind == "ConfigMap" else "secret"]
    is_optional = asked.get("optional", False)
    if data is None:
        if is_optional:
            return {}
        raise CannotMount(f'{kind.lower()} "{name}" not found')
    if not asked.get("items"):
        return {key: File(value, default) for key, value in data.items()}
    files = {}
    for item in asked["items"]:
        if item["key"] in data:
            files[item["path"]] = File(data[item["key"]], item.get("mode") or default)
        elif not is_optional:
            raise CannotMount(f"{kind.lower()} references non-existent config key: {item['key']}")
    return files


def _of_pod(asked: Object, facts: PodFacts, default: int) -> dict[str, File]:
    files = {}
    for item in asked.get("items") or ():
        if "resourceFieldRef" in item:
            value = _resource(item["resourceFieldRef"], facts)
        else:
            value = _field((item.get("fieldRef") or {}).get("fieldPath", ""), facts)
        files[item["path"]] = File(value.encode(), item.get("mode") or default)
    return files


def _field(path: str, facts: PodFacts) -> str:
    value = facts.field(path)
    if value is None:
        raise CannotMount(f"the lab's nodes do not know {path or 'this field'} in a volume")
    return value


def _resource(source: Object, facts: PodFacts) -> str:
    try:
        return resource_value(source, facts.containers[source.get("containerName", "")])
    except KeyError as error:
        raise CannotMount(f"the pod has no container {error}") from None
    except ValueError as error:
        raise CannotMount(str(error)) from None


def _token_key(asked: Object) -> tuple[str, int]:
    return asked.get("audience", ""), asked.get("expirationSeconds") or _DEFAULT_LIFETIME


def read_data(found: Object, kind: str) -> dict[str, bytes]:
    """What a ConfigMap or a Secret holds."""
    if kind == "Secret":
        return {k: base64.b64decode(v) for k, v in (found.get("data") or {}).items()}
    binary = {k: base64.b64decode(v) for k, v in (found.get("binaryData") or {}).items()}
    return {**{k: v.encode() for k, v in (found.get("data") or {}).items()}, **binary}


def _kind(volume: Object) -> str:
    return next((key for key in volume if key != "name"), "of no kind")
