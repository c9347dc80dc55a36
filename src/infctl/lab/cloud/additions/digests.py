"""S3: what arrives is compared with the digests that came with it, and can be read.

moto stores any body under any digest, breaks down on documents that it cannot read, and a policy
that is no JSON breaks its bucket for good.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable
from typing import Any, Final
from xml.parsers.expat import ExpatError

from moto.s3 import exceptions, models, responses

from infctl.lab.cloud.additions.methods import wrap
from infctl.lab.cloud.additions.refusing import Refused
from infctl.lab.spec import Lab

_DIGESTS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "Content-MD5": lambda body: hashlib.md5(body, usedforsecurity=False).digest(),
    "x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
}


def install(_: Lab) -> None:
    """Before anything is stored."""
    for name in ("put_object", "upload_part"):
        wrap(responses.S3Response, name)(_check)
    wrap(models.S3Backend, "put_bucket_policy")(_read_policy)
    for name in ("_bucket_response_put", "_bucket_response_post", "_key_response_put"):
        wrap(responses.S3Response, name)(_read)


def find_fault(headers: Any, body: bytes) -> tuple[str, str] | None:
    """Code and sentence where a digest is not that of the body; unknown ones are not looked at."""
    for name, digest in _DIGESTS.items():
        wanted = headers.get(name)
        if wanted and wanted != base64.b64encode(digest(body)).decode():
            if name == "Content-MD5":
                return "BadDigest", "The Content-MD5 you specified did not match what we received."
            kind = name.rpartition("-")[2].upper()
            return "BadDigest", f"The {kind} you specified did not match the calculated checksum."
    return None


def _check(original: Any, response: Any) -> Any:
    # A body in signed chunks has its digests behind it; Content-MD5 is then that of the chunks.
    chunked = "aws-chunked" in str(response.headers.get("Content-Encoding", ""))
    fault = None if chunked else find_fault(response.headers, response.body or b"")
    if fault:
        raise Refused(*fault)
    return original(response)


def _read(original: Any, response: Any, *given: Any, **named: Any) -> Any:
    try:
        return original(response, *given, **named)
    except (AttributeError, ExpatError, KeyError, TypeError, UnicodeError) as error:
        if not response.querystring:
            raise
        raise exceptions.MalformedXML from error


def _read_policy(original: Any, backend: Any, bucket_name: str, policy: bytes) -> Any:
    try:
        found = json.loads(policy)
    except ValueError as error:
        message = "Policies must be valid JSON and the first byte must be '{'"
        raise Refused("MalformedPolicy", message) from error
    if not isinstance(found, dict) or not found.get("Statement"):
        raise Refused("MalformedPolicy", "Missing required field Statement")
    return original(backend, bucket_name, policy)
