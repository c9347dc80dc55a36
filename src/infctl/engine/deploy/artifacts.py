"""Model artifacts: read and verified once, then copied to each region that lacks them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from infctl.engine.deploy.results import Action, Change
from infctl.errors import ConfigurationError
from infctl.platform.model import Platform
from infctl.platform.render import cloud_names
from infctl.platform.render.cloud import render_artifacts, render_buckets
from infctl.ports.cloud import ObjectStore

_LARGEST = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class File:
    """An artifact's key in the bucket and its verified bytes."""

    key: str
    body: bytes


def read_artifacts(platform: Platform) -> tuple[File, ...]:
    """Every artifact of the platform; ConfigurationError where one is missing or not itself."""
    files = []
    for artifact in render_artifacts(platform):
        body = _read(platform.models_folder / artifact.source)
        found = "sha256:" + hashlib.sha256(body).hexdigest()
        if artifact.digest and found != artifact.digest:
            raise ConfigurationError(
                f"{platform.models_folder / artifact.source} has the digest {found},"
                f" but {platform.path} names {artifact.digest}",
                hint="give a changed model a new version, and its digest",
                unchanged="nothing was deployed",
            )
        files.append(File(artifact.key, body))
    return tuple(files)


async def plan_artifacts(
    store: ObjectStore, platform: Platform, files: tuple[File, ...]
) -> list[Change]:
    """What `bring_artifacts` would do."""
    there = await store.buckets()
    wanted = [bucket.name for bucket in render_buckets(platform, store.region)]
    changes = [_bucket(name, created=name not in there) for name in wanted]
    bucket = cloud_names.models_bucket(platform, store.region)
    keys = await store.keys(bucket, "models/") if bucket in there else []
    return changes + [_file(file, created=file.key not in keys) for file in files]


async def bring_artifacts(
    store: ObjectStore, platform: Platform, files: tuple[File, ...]
) -> list[Change]:
    """Create the region's buckets and copy what they lack; models before nothing refers to them.

    A version never changes: other bytes under a key that is there are a failure, never replaced.
    """
    there = await store.buckets()
    changes = []
    for wanted in render_buckets(platform, store.region):
        if wanted.name not in there:
            await store.ensure_bucket(wanted.name, public_read=wanted.public)
        changes.append(_bucket(wanted.name, created=wanted.name not in there))
    bucket = cloud_names.models_bucket(platform, store.region)
    keys = await store.keys(bucket, "models/")
    copied = [await _bring(store, bucket, file, there=file.key in keys) for file in files]
    return changes + copied


async def _bring(store: ObjectStore, bucket: str, file: File, *, there: bool) -> Change:
    if not there:
        await store.put(bucket, file.key, file.body)
        return _file(file, created=True)
    if file.key.endswith(".json") and await store.get(bucket, file.key) != file.body:
        detail = "the bucket holds another artifact of this version: give the model a new version"
        return Change(f"artifact/{file.key}", Action.FAILED, detail)
    return _file(file, created=False)


def _bucket(name: str, *, created: bool) -> Change:
    return Change(f"bucket/{name}", Action.CREATED if created else Action.UNCHANGED)


def _file(file: File, *, created: bool) -> Change:
    return Change(f"artifact/{file.key}", Action.CREATED if created else Action.UNCHANGED)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST:
            raise ConfigurationError(f"{path} is larger than {_LARGEST >> 30} GiB")
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"cannot read the artifact {path}: {error.strerror}",
            hint="set models_source in the platform file to the folder of the artifacts",
            unchanged="nothing was deployed",
        ) from None
