"""What a request to the cloud is about, by its signature's scope and its path. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

GLOBAL_SERVICES = frozenset(
    {
        "budgets",
        "ce",
        "cloudfront",
        "globalaccelerator",
        "iam",
        "organizations",
        "route53",
        "route53domains",
    }
)
"""Served at the global endpoint alone; STS is served everywhere."""

_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/([^/,]+)/([^/,]+)/aws4_request")
_BUCKET = re.compile(r"/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/|$)")


@dataclass(frozen=True, slots=True)
class Scope:
    """Service and region that a request was signed for; an unsigned one is S3's, of no region."""

    service: str = "s3"
    region: str = ""

    @property
    def is_global(self) -> bool:
        """Whether the service is one of the global ones."""
        return self.service in GLOBAL_SERVICES


def scope_of(headers: Mapping[str, str], query: Mapping[str, str]) -> Scope:
    """From the Authorization header, else from a presigned address."""
    found = _SCOPE.search(headers.get("Authorization", ""))
    if found is None:
        found = _SCOPE.search("Credential=" + unquote(query.get("X-Amz-Credential", "")))
    return Scope(found[2], found[1]) if found else Scope()


def bucket_of(path: str) -> str:
    """The bucket of a path-style S3 request, or empty."""
    found = _BUCKET.match(unquote(path))
    return found[1] if found else ""


def changes_buckets(method: str, path: str, query: str) -> bool:
    """Whether a request may create or delete a bucket, so that what is known of it must go."""
    inside = unquote(path).strip("/").count("/") > 0
    return method in ("PUT", "DELETE") and not inside and not query
