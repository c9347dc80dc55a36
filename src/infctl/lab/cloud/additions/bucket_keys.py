"""Objects encrypted by a KMS key: they can be written and read only while their key can be used."""

from typing import Any, Final

from moto.kms import models as kms
from moto.s3 import models, responses

from infctl.lab import spec
from infctl.lab.cloud.additions.keys import find_fault
from infctl.lab.cloud.additions.methods import wrap
from infctl.lab.cloud.additions.refusing import Refused

BY_KMS: Final = ("aws:kms", "aws:kms:dsse")


def install(_: spec.Lab) -> None:
    """Ask for the key on each way in and out of a bucket."""
    wrap(models.S3Backend, "put_object")(_put)
    wrap(models.S3Backend, "create_multipart_upload")(_begin)
    wrap(models.S3Backend, "copy_object")(_copy)
    wrap(responses.S3Response, "get_object")(_get)
    wrap(responses.S3Response, "head_object")(_head)


def find_key(bucket: Any, wanted: str | None) -> Any:
    """A usable key of the bucket's region; None where it is S3's own. Refused, as S3 does."""
    if not wanted:
        return None
    if wanted.startswith("arn:") and wanted.split(":")[3] != bucket.region_name:
        raise Refused("KMS.NotFoundException", f"Invalid arn {wanted.split(':')[3]}")
    backend = kms.kms_backends[bucket.account_id][bucket.region_name]
    key = backend.keys.get(backend.any_id_to_key_id(wanted) or "")
    if key is None:
        raise Refused("KMS.NotFoundException", f"Key '{wanted}' does not exist")
    fault = find_fault(key)
    if fault:
        raise Refused(f"KMS.{fault[0]}", fault[1])
    return key


def check(bucket: Any, key: Any) -> None:
    """Whether an object's key lets it be read."""
    if key is not None and key.encryption in BY_KMS:
        find_key(bucket, key.kms_key_id)


def wanted_key(bucket: Any, encryption: str | None, key_id: str | None) -> str | None:
    """The key that a new object gets: the one asked for, else the bucket's; None without KMS."""
    algorithm = encryption or default_algorithm(bucket)
    if algorithm not in BY_KMS:
        return None
    if key_id or algorithm != default_algorithm(bucket):
        return key_id
    return _default(bucket).get("KMSMasterKeyID")


def default_algorithm(bucket: Any) -> str | None:
    """How a bucket encrypts what does not say how; None where it has no default of its own."""
    return _default(bucket).get("SSEAlgorithm")


def _default(bucket: Any) -> dict[str, Any]:
    rule = (bucket.encryption or {}).get("Rule") or {}
    return dict(rule.get("ApplyServerSideEncryptionByDefault") or {})


def _put(original: Any, backend: Any, bucket_name: str, *given: Any, **named: Any) -> Any:
    bucket = backend.get_bucket(bucket_name)
    wanted = wanted_key(bucket, named.get("encryption"), named.get("kms_key_id"))
    key = find_key(bucket, wanted)
    new = original(backend, bucket_name, *given, **named)
    new.kms_key_id = key.arn if key is not None else None
    return new


def _begin(original: Any, backend: Any, bucket_name: str, *given: Any, **named: Any) -> Any:
    bucket = backend.get_bucket(bucket_name)
    encryption, key_id = given[5:7]
    find_key(bucket, wanted_key(bucket, encryption, key_id))
    return original(backend, bucket_name, *given, **named)


def _copy(original: Any, backend: Any, source: Any, *given: Any, **named: Any) -> Any:
    check(backend.get_bucket(source.bucket_name), source)
    return original(backend, source, *given, **named)


def _get(original: Any, response: Any) -> Any:
    name, version = response.parse_key_name(), response._get_param("versionId")
    _look(response, response.bucket_name, name, version)
    return original(response)


def _head(
    original: Any, response: Any, bucket_name: str, query: Any, name: str, headers: Any
) -> Any:
    _look(response, bucket_name, name, query.get("versionId", [None])[0])
    return original(response, bucket_name, query, name, headers)


def _look(response: Any, bucket_name: str, name: str, version: str | None) -> None:
    bucket = response.backend.get_bucket(bucket_name)
    check(bucket, response.backend.get_object(bucket_name, name, version_id=version))
