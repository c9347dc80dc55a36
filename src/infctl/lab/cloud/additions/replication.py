"""Copies between buckets: moto stores the rules and copies nothing.

A new version that a rule covers is PENDING until, its delay over, the front of its bucket's region
has asked for the copy (`due`) and the front of the destination's has let it in (`make`). So a
region that is gone neither sends nor gets copies, and catches up later. Copies keep version
identifier, time, tags and metadata, and are never copied again.
"""

import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import xmltodict
from moto.s3 import exceptions, models, responses

from infctl.lab.cloud import replication_rules
from infctl.lab.cloud.additions import bucket_keys
from infctl.lab.cloud.additions.delays import delays
from infctl.lab.cloud.additions.methods import wrap, wrap_property
from infctl.lab.cloud.additions.refusing import Refused
from infctl.lab.cloud.replication_rules import Rule, Subject
from infctl.lab.spec import Lab

COMPLETED: Final = "COMPLETED"
FAILED: Final = "FAILED"
PENDING: Final = "PENDING"
REPLICA: Final = "REPLICA"
_STATUS: Final = "x-amz-replication-status"
_MOST_DUE: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class Copy:
    """One version on its way to one bucket. `since` is a moment of time.time()."""

    number: int
    version: Any
    bucket: Any
    rule: Rule
    regions: tuple[str, str]
    since: float


_numbers = itertools.count(1)
_copies: dict[int, Copy] = {}
_fresh: list[tuple[Any, Any]] = []
_slowest: dict[tuple[str, str], float] = {}


def install(_: Lab) -> None:
    """Notice what is written, and say how far its copies are."""
    wrap(models.S3Backend, "put_object")(_put)
    wrap(models.S3Backend, "_set_delete_marker")(_mark)
    for name in ("put_object_tagging", "delete_object_tagging"):
        wrap(models.S3Backend, name)(_tag)
    for name in ("put_object_retention", "put_object_legal_hold"):
        wrap(models.S3Backend, name)(_lock)
    wrap(models.S3Backend, "put_bucket_replication")(_configure)
    wrap(models.S3Backend, "delete_bucket_replication")(_forget)
    wrap(responses.S3Response, "get_bucket_replication")(_show)
    wrap_property(models.FakeKey, "response_dict", lambda says, key: {**says, **_headers(key)})


def due(region: str) -> tuple[list[Copy], float | None]:
    """The copies that a region's front should make now, and how many seconds the next one waits."""
    _settle()
    now = time.time()
    waits = [
        (copy, copy.since + delays.of(*copy.regions) - now)
        for copy in _copies.values()
        if copy.regions[0] == region
    ]
    later = [wait for _, wait in waits if wait > 0]
    return [copy for copy, wait in waits if wait <= 0][:_MOST_DUE], min(later, default=None)


def make(numbers: Iterable[int], region: str) -> dict[int, str]:
    """Make copies into buckets of a region; says how each ended. Unknown ones are left out."""
    ended = {}
    for number in numbers:
        copy = _copies.get(number)
        if copy is None or copy.regions[1] != region:
            continue
        del _copies[number]
        ended[number] = _make(copy)
        _tell(copy.version, ended[number])
        took = time.time() - copy.since
        _slowest[copy.regions] = max(_slowest.get(copy.regions, 0.0), took)
    return ended


def state() -> list[dict[str, Any]]:
    """Each direction with its delay, what waits, and the age of the oldest that does (seconds)."""
    _settle()
    now, found = time.time(), []
    ways = {copy.regions for copy in _copies.values()} | set(_slowest) | delays.known()
    for way in sorted(ways):
        waiting = [now - copy.since for copy in _copies.values() if copy.regions == way]
        found.append(
            {
                "from": way[0],
                "to": way[1],
                "delay": delays.of(*way),
                "pending": len(waiting),
                "lag": round(max(waiting, default=0.0), 3),
                "slowest": round(_slowest.get(way, 0.0), 3),
            }
        )
    return found


def _put(original: Any, backend: Any, bucket_name: str, *given: Any, **named: Any) -> Any:
    new = original(backend, bucket_name, *given, **named)
    _fresh.append((backend.get_bucket(bucket_name), new))
    return new


def _mark(original: Any, backend: Any, bucket_name: str, key_name: str) -> Any:
    marker = original(backend, bucket_name, key_name)
    _fresh.append((backend.get_bucket(bucket_name), marker))
    return marker


def _tag(original: Any, backend: Any, *given: Any, **named: Any) -> Any:
    """Tags of a version that was copied are copied again."""
    done = original(backend, *given, **named)
    key = named.get("key") or (given[0] if given and not isinstance(given[0], str) else None)
    _again(backend, key if key is not None else backend.get_object(*given, **named))
    return done


def _lock(
    original: Any,
    backend: Any,
    bucket_name: str,
    name: str,
    version_id: Any,
    *more: Any,
    **named: Any,
) -> Any:
    done = original(backend, bucket_name, name, version_id, *more, **named)
    _again(backend, backend.get_object(bucket_name, name, version_id=version_id))
    return done


def _again(backend: Any, key: Any) -> None:
    if getattr(key, "replication", "") in (COMPLETED, FAILED):
        _fresh.append((backend.get_bucket(key.bucket_name), key))


def _configure(original: Any, backend: Any, bucket_name: str, given: Any) -> Any:
    """What was there before is not copied."""
    _settle()
    if backend.get_bucket(bucket_name).versioning_status != "Enabled":
        raise exceptions.VersioningNotEnabledForReplication(bucket_name=bucket_name)
    try:
        rules = replication_rules.read(given)
    except ValueError as error:
        raise Refused("MalformedXML", str(error)) from error
    for rule in rules:
        target = _bucket(backend, rule.target)
        if target is None or target.versioning_status != "Enabled":
            message = "Destination bucket must exist, and have versioning enabled."
            raise Refused("InvalidRequest", message)
    return original(backend, bucket_name, given)


def _forget(original: Any, backend: Any, bucket_name: str) -> Any:
    _settle()
    return original(backend, bucket_name)


def _show(_: Any, response: Any) -> Any:
    """moto's answer leaves out filters, priorities and delete markers."""
    response.data["Action"] = "GetBucketReplication"
    found = response.backend.get_bucket_replication(response.bucket_name)
    if not found:
        raise exceptions.ReplicationConfigurationNotFoundError(bucket_name=response.bucket_name)
    content = {"@xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"}
    content |= {name: value for name, value in found.items() if not name.startswith("@")}
    return (
        200,
        {"Content-Type": "application/xml"},
        xmltodict.unparse({"ReplicationConfiguration": content}),
    )


def _settle() -> None:
    """Decide where new versions go, once their request has written all of them."""
    fresh, _fresh[:] = _fresh[:], []
    for bucket, version in fresh:
        configuration = getattr(bucket, "replication", None)
        if not configuration or bucket.versioning_status != "Enabled":
            continue
        rules = replication_rules.select(
            replication_rules.read(configuration), _subject(bucket, version)
        )
        for rule in rules:
            target = _bucket(_backend(bucket), rule.target)
            regions = (bucket.region_name, target.region_name if target else bucket.region_name)
            number = next(_numbers)
            _copies[number] = Copy(number, version, bucket, rule, regions, time.time())
        if rules:
            version.replication = PENDING


def _subject(bucket: Any, version: Any) -> Subject:
    if isinstance(version, models.FakeDeleteMarker):
        return Subject(version.name, is_marker=True)
    tags = _backend(bucket).tagger.get_tag_dict_for_resource(version.arn)
    return Subject(version.name, tags, by_kms=version.encryption in bucket_keys.BY_KMS)


def _headers(key: Any) -> dict[str, str]:
    _settle()
    status = getattr(key, "replication", "")
    return {_STATUS: status} if status else {}


def _tell(version: Any, ended: str) -> None:
    """The word for a version that goes to several buckets: failed once one of them is."""
    if any(copy.version is version for copy in _copies.values()):
        version.replication = FAILED if ended == FAILED else PENDING
    elif getattr(version, "replication", "") != FAILED or ended == FAILED:
        version.replication = ended


def _make(copy: Copy) -> str:
    """Write a version into the other bucket; FAILED where the bucket or a key is not fit for it."""
    backend = _backend(copy.bucket)
    target = _bucket(backend, copy.rule.target)
    if target is None or target.versioning_status != "Enabled":
        return FAILED
    if copy.version not in copy.bucket.keys.getlist(copy.version.name, []):
        return COMPLETED
    try:
        new = _twin(copy, target)
    except Refused:
        return FAILED
    versions = target.keys.getlist(new.name, [])
    others = [found for found in versions if str(found.version_id) != str(new.version_id)]
    target.keys.setlist(new.name, sorted([*others, new], key=lambda item: item.last_modified))
    if isinstance(new, models.FakeKey):
        backend.tagger.delete_all_tags_for_resource(new.arn)
        backend.tagger.copy_tags(copy.version.arn, new.arn)
    return COMPLETED


def _twin(copy: Copy, target: Any) -> Any:
    version = copy.version
    new: Any
    if isinstance(version, models.FakeDeleteMarker):
        new = models.FakeDeleteMarker(key=version.key)
    else:
        new = _object(copy, target)
    new._version_id, new.last_modified, new.replication = (
        version.version_id,
        version.last_modified,
        REPLICA,
    )
    return new


def _object(copy: Copy, target: Any) -> Any:
    old = copy.version
    bucket_keys.check(copy.bucket, old)
    encryption = old.encryption or bucket_keys.default_algorithm(target)
    wanted = bucket_keys.wanted_key(target, encryption, copy.rule.kms_key or None)
    key = bucket_keys.find_key(target, wanted)
    new = models.FakeKey(
        old.name,
        old.value,
        old.account_id,
        old.region_name,
        storage=copy.rule.storage or old.storage_class,
        etag=old.etag.strip('"'),
        is_versioned=True,
        multipart=old.multipart,
        bucket_name=target.name,
        encryption=encryption,
        kms_key_id=key.arn if key is not None else None,
        checksum_value=old.checksum_value,
        checksum_type=old.checksum_type,
        checksum_parts=old.checksum_parts,
    )
    new.checksum_algorithm = old.checksum_algorithm
    if target.object_lock_enabled:
        new.lock_mode, new.lock_until = old.lock_mode, old.lock_until
        new.lock_legal_status = old.lock_legal_status
    new.set_metadata(dict(old.metadata))
    return new


def _backend(bucket: Any) -> Any:
    return models.s3_backends[bucket.account_id][bucket.partition]


def _bucket(backend: Any, name: str) -> Any:
    """None where there is none."""
    return backend.buckets.get(name)
