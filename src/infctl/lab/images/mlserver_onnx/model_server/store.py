"""Artifacts out of S3: signed requests with deadlines and few retries."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

# botocore signs, urllib3 fetches: a client of boto3 for these two calls would cost each start of a
# pod more time than the server itself.
_TIMEOUT = urllib3.Timeout(connect=2.0, read=3.0)
_RETRIES = urllib3.Retry(
    total=3,
    backoff_factor=0.25,
    status_forcelist=(429, 500, 502, 503, 504),
    redirect=False,
    raise_on_status=False,
)


class StoreError(Exception):
    """The store cannot be reached, or has not got what was asked for."""


class Store:
    """One bucket."""

    def __init__(self, bucket: str, region: str, environment: Mapping[str, str]) -> None:
        self._region = region
        self._base = _address(bucket, region, environment)
        self._credentials = _credentials(environment)
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES)

    def read(self, key: str) -> bytes:
        """The bytes of an object; StoreError in one line where they cannot be had."""
        address = f"{self._base}/{quote(key)}"
        request = AWSRequest("GET", address)
        S3SigV4Auth(self._credentials, "s3", self._region).add_auth(request)
        try:
            answer = self._pool.request("GET", address, headers=dict(request.headers.items()))
        except urllib3.exceptions.HTTPError as error:
            raise StoreError(f"{address} cannot be reached: {_reason(error)}") from error
        if answer.status != 200:
            raise StoreError(f"{address} answers {answer.status}")
        return bytes(answer.data)


def _address(bucket: str, region: str, environment: Mapping[str, str]) -> str:
    """Where the bucket is: at an endpoint of one's own by path, at AWS by host."""
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    if endpoint:
        return f"{endpoint.rstrip('/')}/{bucket}"
    return f"https://{bucket}.s3.{region}.amazonaws.com"


def _credentials(environment: Mapping[str, str]) -> Any:
    key_id = environment.get("AWS_ACCESS_KEY_ID")
    secret = environment.get("AWS_SECRET_ACCESS_KEY")
    if key_id and secret:
        return Credentials(key_id, secret, environment.get("AWS_SESSION_TOKEN"))
    # The SDK's own chain (web identity, instance profile) takes long to import.
    from botocore.session import get_session

    found = get_session().get_credentials()
    if found is None:
        raise StoreError("there are no AWS credentials to read the models with")
    return found.get_frozen_credentials()


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return " ".join(f"{type(reason).__name__}: {reason}".split())
