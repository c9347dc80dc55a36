"""The volumes of one pod at run time: filled before it starts, kept up to date, bound."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from infctl.lab import bubblewrap
from infctl.lab.agent import payload
from infctl.lab.agent.command import CannotStart, expand
from infctl.lab.agent.facts import Object, PodFacts
from infctl.lab.agent.host import Host
from infctl.lab.agent.volumes import (
    CannotMount,
    is_token,
    make_files,
    read_data,
    unknown_volumes,
    wanted_objects,
    wanted_tokens,
)
from infctl.lab.bubblewrap import Forbidden, Mount, mount_words
from infctl.lab.cluster import ClusterError

_LOG = logging.getLogger(__name__)
_PLURALS = {"ConfigMap": "configmaps", "Secret": "secrets"}
_MISSING = 404
_REFRESH_SECONDS = 60.0
_AGAIN_SECONDS = 2.0
_YOUNG = 0.8
"""A token is replaced when this part of its life is over, as the kubelet does it."""


class Volumes:
    """What a pod's containers find at their mountPaths; nothing of it for a pod without any."""

    def __init__(self, host: Host, facts: PodFacts, spec: Object, newest: Callable[[], Object]):
        mounted = {m["name"] for c in _containers(spec) for m in c.get("volumeMounts") or ()}
        self._volumes = [v for v in spec.get("volumes") or () if v["name"] in mounted]
        self._spec = spec
        self._host = host
        self._facts = facts
        self._newest = newest
        self._root = host.records.folder(facts.uid) / "volumes"
        self._words: tuple[str, ...] = ()
        self._tokens: dict[tuple[str, int], tuple[str, float]] = {}
        self._changed = asyncio.Event()
        self.absent = ""
        """Why a pod that could do without its volumes, as it asked for none, has none."""

    async def fill(self) -> None:
        """Have every volume; CannotMount with the reason where one cannot be had."""
        if unknown := unknown_volumes(self._spec):
            raise CannotMount(f"the lab has no such volumes: {', '.join(unknown)}")
        if self._volumes and not self._words:
            try:
                self._words = await asyncio.to_thread(bubblewrap.find_words)
            except Forbidden as error:
                if not all(map(is_token, self._volumes)):
                    raise CannotMount(str(error)) from None
                self._volumes, self.absent = [], str(error)
        await self._refresh()

    async def keep(self) -> None:
        """Bring changes of objects, and newer tokens, into the files for ever."""
        wanted = wanted_objects(self._volumes)
        if not wanted and not wanted_tokens(self._volumes) and not self._has_fields():
            return
        async with asyncio.TaskGroup() as tasks:
            for kind, name in wanted:
                tasks.create_task(self._watch(kind, name))
            tasks.create_task(self._follow())

    def look(self) -> None:
        """The pod itself has changed."""
        self._changed.set()

    def words(self, container: Object, folder: str) -> tuple[str, ...]:
        """What the command of a container begins with; nothing where it mounts nothing."""
        mounts = [m for m in container.get("volumeMounts") or () if self._has(m["name"])]
        if not mounts:
            return ()
        try:
            placed = [self._mount(m, container) for m in mounts]
            return (*self._words, *mount_words(placed), "--chdir", folder)
        except OSError as error:
            raise CannotStart("CreateContainerError", f"cannot mount: {error}") from error

    def _has(self, name: str) -> bool:
        return any(volume["name"] == name for volume in self._volumes)

    def _mount(self, mount: Object, container: Object) -> Mount:
        volume = next(v for v in self._volumes if v["name"] == mount["name"])
        is_scratch = "emptyDir" in volume
        source = folder = self._root / volume["name"]
        if part := mount.get("subPath") or _expanded(mount, container, self._facts):
            source = (folder / part).resolve()
            if not source.is_relative_to(folder.resolve()):
                raise CannotStart("CreateContainerConfigError", f"{part} leads out of its volume")
            if is_scratch:
                source.mkdir(parents=True, exist_ok=True)
            elif not source.exists():
                raise CannotStart("CreateContainerConfigError", f"subPath {part} is not there")
        read_only = not is_scratch or bool(mount.get("readOnly"))
        return Mount(source, mount["mountPath"], read_only)

    def _has_fields(self) -> bool:
        return any("downwardAPI" in str(volume) for volume in self._volumes)

    async def _watch(self, kind: str, name: str) -> None:
        path = f"/api/v1/namespaces/{self._facts.namespace}/{_PLURALS[kind]}"
        chosen = f"metadata.name={name}"
        async for _ in self._host.cluster.watch(path, fieldSelector=chosen):
            self._changed.set()

    async def _follow(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_REFRESH_SECONDS):
                    await self._changed.wait()
            self._changed.clear()
            try:
                await self._refresh()
            except CannotMount as error:
                # What it has stays, as in Kubernetes.
                _LOG.info("volumes of pod %s are not renewed: %s", self._facts.name, error)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _refresh(self) -> None:
        facts = self._facts.of(self._newest())
        contents = {key: await self._read(*key) for key in wanted_objects(self._volumes)}
        tokens = {key: await self._token(*key) for key in wanted_tokens(self._volumes)}
        for volume in self._volumes:
            folder = self._root / volume["name"]
            try:
                if "emptyDir" in volume:
                    folder.mkdir(parents=True, exist_ok=True)
                    folder.chmod(0o777)
                else:
                    files = make_files(volume, facts, contents, tokens)
                    await asyncio.to_thread(payload.write, folder, files)
            except CannotMount as error:
                raise _set_up(volume, str(error)) from error
            except (OSError, ValueError) as error:
                raise _set_up(volume, str(error)) from error

    async def _read(self, kind: str, name: str) -> dict[str, bytes] | None:
        path = f"/api/v1/namespaces/{self._facts.namespace}/{_PLURALS[kind]}/{name}"
        try:
            return read_data(await self._host.cluster.get(path), kind)
        except ClusterError as error:
            if error.status == _MISSING:
                return None
            raise CannotMount(f"{kind} {name} cannot be read: {error.message}") from error

    async def _token(self, audience: str, lifetime: int) -> str:
        token, old = self._tokens.get((audience, lifetime), ("", 0.0))
        if token and time.time() < old:
            return token
        facts = self._facts
        about = {"apiVersion": "v1", "kind": "Pod", "name": facts.name, "uid": facts.uid}
        asked = {
            "expirationSeconds": lifetime,
            "boundObjectRef": about,
            **({"audiences": [audience]} if audience else {}),
        }
        path = f"/api/v1/namespaces/{facts.namespace}/serviceaccounts/{facts.service_account}/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": asked}
        try:
            made = await self._host.cluster.create(path, body)
        except ClusterError as error:
            raise CannotMount(f"no token can be had: {error.message}") from error
        fresh = str(made["status"]["token"])
        self._tokens[audience, lifetime] = (fresh, time.time() + lifetime * _YOUNG)
        return fresh


def _set_up(volume: Object, said: str) -> CannotMount:
    return CannotMount(f'MountVolume.SetUp failed for volume "{volume["name"]}" : {said}')


def _expanded(mount: Object, container: Object, facts: PodFacts) -> str:
    """A subPathExpr, filled in from the variables that are values or fields of the pod."""
    values: dict[str, str] = {}
    for entry in container.get("env") or ():
        path = ((entry.get("valueFrom") or {}).get("fieldRef") or {}).get("fieldPath", "")
        values[entry["name"]] = (facts.field(path) or "") if path else entry.get("value", "")
    return expand(mount.get("subPathExpr", ""), values)


def _containers(spec: Object) -> list[Object]:
    return [*(spec.get("initContainers") or ()), *spec["containers"]]
