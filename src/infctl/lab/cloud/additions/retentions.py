"""Object lock as S3 holds it: moto stores any retention over any other."""

from datetime import UTC, datetime
from typing import Any, Final
from xml.parsers.expat import ExpatError

import xmltodict
from moto.s3 import exceptions, models, responses

from infctl.lab.cloud import retention
from infctl.lab.cloud.additions.methods import wrap
from infctl.lab.cloud.additions.refusing import Refused
from infctl.lab.cloud.retention import Fault, Retention
from infctl.lab.spec import Lab

_BYPASS: Final = "x-amz-bypass-governance-retention"


def install(_: Lab) -> None:
    """Check what is asked for against what is held."""
    wrap(responses.S3Response, "put_object_retention")(_put_retention)
    wrap(responses.S3Response, "put_object_legal_hold")(_put_hold)
    wrap(responses.S3Response, "get_object")(_get_retention)
    for name in ("put_object", "copy_object"):
        wrap(responses.S3Response, name)(_check_headers)
    wrap(models.S3Backend, "put_object")(_keep_default)
    wrap(models.S3Backend, "delete_object")(_delete)
    wrap(models.S3Backend, "put_object_lock_configuration")(_configure)


def _held(key: Any) -> Retention:
    if not key.lock_mode or not key.lock_until:
        return Retention()
    return Retention(str(key.lock_mode), retention.read_moment(str(key.lock_until)))


def _put_retention(original: Any, response: Any) -> Any:
    key, now = _find(response), datetime.now(UTC)
    found = _document(response, "Retention")
    wanted = retention.read(found.get("Mode"), found.get("RetainUntilDate"), now)
    if isinstance(wanted, Retention):
        bypass = str(response.headers.get(_BYPASS, "")).lower() == "true"
        fault = retention.find_fault(_held(key), wanted, now, bypass=bypass)
    else:
        fault = wanted
    _refuse(fault)
    if found:
        return original(response)
    key.lock_mode = key.lock_until = None
    return 200, {}, ""


def _get_retention(original: Any, response: Any) -> Any:
    """moto takes it for the object itself."""
    if "retention" not in response.querystring:
        return original(response)
    held = _find(response)
    if not held.lock_mode:
        message = "The specified object does not have a ObjectLock configuration"
        raise Refused("NoSuchObjectLockConfiguration", message, 404)
    content = {"Mode": held.lock_mode, "RetainUntilDate": held.lock_until}
    return 200, {"Content-Type": "application/xml"}, xmltodict.unparse({"Retention": content})


def _put_hold(original: Any, response: Any) -> Any:
    _find(response)
    if _document(response, "LegalHold").get("Status") not in ("ON", "OFF"):
        raise exceptions.MalformedXML
    return original(response)


def _check_headers(original: Any, response: Any) -> Any:
    mode = response.headers.get("x-amz-object-lock-mode")
    until = response.headers.get("x-amz-object-lock-retain-until-date")
    wanted = retention.read(mode, until, datetime.now(UTC))
    _refuse(wanted if isinstance(wanted, Fault) else None)
    return original(response)


def _keep_default(original: Any, backend: Any, bucket_name: str, *given: Any, **named: Any) -> Any:
    """The bucket's default retention also for what has a hold or was put together from parts."""
    new = original(backend, bucket_name, *given, **named)
    bucket = backend.get_bucket(bucket_name)
    if bucket.object_lock_enabled and bucket.has_default_lock and not new.lock_mode:
        new.lock_mode, new.lock_until = bucket.default_lock_mode, bucket.default_retention()
    return new


def _delete(original: Any, backend: Any, *given: Any, **named: Any) -> Any:
    """moto takes any text of the header for a yes."""
    named["bypass"] = str(named.get("bypass")).lower() == "true"
    return original(backend, *given, **named)


def _configure(
    _: Any,
    backend: Any,
    bucket_name: str,
    lock_enabled: bool,
    mode: str | None = None,
    days: int | None = None,
    years: int | None = None,
) -> None:
    """Also for a bucket that holds objects already, as S3 has it since 2023."""
    bucket = backend.get_bucket(bucket_name)
    if bucket.versioning_status != "Enabled":
        message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        raise exceptions.InvalidBucketState(message)
    if not lock_enabled or (mode and mode not in retention.MODES):
        raise exceptions.MalformedXML
    bucket.object_lock_enabled = True
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = (
        mode,
        days,
        years,
    )


def _find(response: Any) -> Any:
    name, version = response.parse_key_name(), response._get_param("versionId")
    key = response.backend.get_object(
        response.bucket_name, name, version_id=version, return_delete_marker=True
    )
    if key is None:
        raise exceptions.MissingVersion() if version else exceptions.MissingKey(key=name)
    if isinstance(key, models.FakeDeleteMarker):
        message = "The specified method is not allowed against this resource."
        raise Refused("MethodNotAllowed", message, 405)
    return key


def _document(response: Any, name: str) -> dict[str, Any]:
    """An element's content, empty where it has none."""
    try:
        found = xmltodict.parse(response.body)
    except ExpatError as error:
        raise exceptions.MalformedXML from error
    if name not in found:
        raise exceptions.MalformedXML
    content = found[name]
    if not isinstance(content, dict):
        return {}
    return {key: value for key, value in content.items() if not key.startswith("@")}


def _refuse(fault: Fault | None) -> None:
    if fault is not None:
        status = 403 if fault.code == "AccessDenied" else 400
        raise Refused(fault.code, fault.message, status)
