"""Suspended versioning: moto takes it for no versioning, and drops the versions that are there."""

from typing import Any, Final

from moto.s3 import models

from infctl.lab.cloud.additions.methods import wrap, wrap_property
from infctl.lab.cloud.additions.refusing import Refused
from infctl.lab.spec import Lab

NONE: Final = "null"


def install(_: Lab) -> None:
    """Let a suspended bucket keep its versions, and write and delete the null version alone."""
    wrap_property(
        models.FakeBucket, "is_versioned", lambda says, bucket: says or is_suspended(bucket)
    )
    wrap(models.S3Backend, "put_object")(_put)
    wrap(models.S3Backend, "_set_delete_marker")(_mark)
    wrap(models.S3Backend, "put_bucket_versioning")(_set_versioning)


def is_suspended(bucket: Any) -> bool:
    """Whether new versions have no identifier of their own."""
    return bool(bucket.versioning_status == "Suspended")


def _put(
    original: Any, backend: Any, bucket_name: str, key_name: str, *given: Any, **named: Any
) -> Any:
    bucket = backend.get_bucket(bucket_name)
    new = original(backend, bucket_name, key_name, *given, **named)
    if is_suspended(bucket):
        new._version_id = NONE
        _keep_one(bucket, key_name, new)
    return new


def _mark(original: Any, backend: Any, bucket_name: str, key_name: str) -> Any:
    bucket = backend.get_bucket(bucket_name)
    marker = original(backend, bucket_name, key_name)
    if is_suspended(bucket):
        marker._version_id = NONE
        _keep_one(bucket, key_name, marker)
    return marker


def _keep_one(bucket: Any, key_name: str, newest: Any) -> None:
    """Of the versions without an identifier only the newest stays."""
    found = bucket.keys.getlist(key_name)
    kept = [item for item in found if item is newest or str(item.version_id) != NONE]
    bucket.keys.setlist(key_name, kept)


def _set_versioning(original: Any, backend: Any, bucket_name: str, status: str) -> Any:
    bucket = backend.get_bucket(bucket_name)
    present = "Object Lock" if bucket.object_lock_enabled else ""
    present = present or ("replication" if getattr(bucket, "replication", None) else "")
    if status != "Enabled" and present:
        message = (
            f"A configuration of {present} is present on this bucket, so the versioning state "
            "cannot be changed."
        )
        raise Refused("InvalidBucketState", message, 409)
    return original(backend, bucket_name, status)
