"""What a container of a pod executes: its image, and what the API server holds for it."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, replace

from infctl.lab.agent.command import (
    CannotStart,
    Command,
    Image,
    Key,
    make_command,
    wanted_objects,
)
from infctl.lab.agent.facts import Object, PodFacts
from infctl.lab.agent.host import Host
from infctl.lab.cluster import ClusterError

Wrap = Callable[[Object, str], tuple[str, ...]]
"""Takes a container and its working folder; gives the wrapper of its command."""
_PLURALS = {"ConfigMap": "configmaps", "Secret": "secrets"}
_MISSING = 404


@dataclass(frozen=True, slots=True)
class Recipe:
    """A command and the reference of the image that it came from."""

    image: str
    command: Command


async def find_recipe(host: Host, container: Object, facts: PodFacts, wrap: Wrap) -> Recipe:
    """The recipe of a container; CannotStart with the reason that a kubelet would give."""
    image = _find_image(host, container["image"])
    found = {key: await _read(host, facts.namespace, key) for key in wanted_objects(container)}
    command = make_command(container, image, facts, found)
    wrapper = await asyncio.to_thread(wrap, container, command.folder)
    return Recipe(image.reference, replace(command, wrapper=wrapper))


def _find_image(host: Host, reference: str) -> Image:
    try:
        image = host.find_image(reference)
    except KeyError:
        message = f"{reference} is not in the lab's image table"
        raise CannotStart("ErrImagePull", message) from None
    if missing := image.missing():
        raise CannotStart("ErrImagePull", missing)
    return image


async def _read(host: Host, namespace: str, key: Key) -> dict[str, str] | None:
    kind, name = key
    try:
        found = await host.cluster.get(f"/api/v1/namespaces/{namespace}/{_PLURALS[kind]}/{name}")
    except ClusterError as error:
        if error.status == _MISSING:
            return None
        message = f"{kind} {name} cannot be read: {error.message}"
        raise CannotStart("CreateContainerConfigError", message) from error
    data = found.get("data") or {}
    if kind == "Secret":
        return {k: base64.b64decode(v).decode(errors="replace") for k, v in data.items()}
    return dict(data)
