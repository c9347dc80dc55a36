"""boto3 with deadlines, explicit endpoints and credentials; botocore's errors become ours here."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from infctl.clients.breaker import Breaker
from infctl.clients.bulkhead import Bulkhead
from infctl.errors import CredentialsError, InfctlError, Unreachable
from infctl.model.text import clean

T = TypeVar("T")

CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
CALL_SECONDS = 15.0
"""One verb of ours may page; this bounds all of it."""
ATTEMPTS = 2
_OTHER_SHAPE = (KeyError, TypeError, AttributeError, ValueError, RecursionError)
"""What reading an answer raises that is not of the documented shape."""
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


@dataclass(frozen=True, slots=True)
class Account:
    """How a cloud region is reached; empty strings leave it to the SDK's own chain."""

    region: str
    endpoint: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""


class Service:
    """One AWS service at one place, made at the first call, asked in threads of its own."""

    def __init__(self, name: str, account: Account, label: str) -> None:
        self._name = name
        self._account = account
        self._label = label
        self._made: Any = None
        self._making = threading.Lock()
        self._bulkhead = Bulkhead(label)
        self._breaker = Breaker(label)

    async def call(self, work: Callable[[Any], T]) -> T:
        """Run `work` with the SDK's client; errors of ours only."""
        self._breaker.check()
        try:
            found = await self._bulkhead.call(lambda: self._work(work), CALL_SECONDS)
        except Unreachable as error:
            self._breaker.fail(error.what)
            raise
        self._breaker.succeed()
        return found

    async def warm(self) -> None:
        """Make the SDK's client now; what stands in the way is told when it is asked."""
        with suppress(Exception):
            await asyncio.to_thread(self._client)

    def close(self) -> None:
        """Give back the connections."""
        if self._made is not None:
            self._made.close()

    def _work(self, work: Callable[[Any], T]) -> T:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            return work(self._client())
        except ClientError as error:
            raise self._refusal(error) from error
        except BotoCoreError as error:
            raise self._failure(error) from error
        except (ResponseParserError, *_OTHER_SHAPE) as error:
            raise Unreachable(f"what answers as {self._label} does not speak its API") from error

    def _client(self) -> Any:
        with self._making:
            if self._made is None:
                self._made = _make(self._name, self._account)
        return self._made

    def _refusal(self, error: Any) -> InfctlError:
        details = error.response.get("Error", {})
        code = clean(str(details.get("Code", "")), limit=80)
        message = clean(str(details.get("Message", "")), limit=300)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _DENIED:
            return CredentialsError(f"{self._label}: {code}: {message}")
        if status >= 500 or "Throttl" in code:
            return Unreachable(f"{self._label} answers {status}: {code}")
        return CloudRefusal(f"{self._label}: {code}: {message}", code)

    def _failure(self, error: Any) -> InfctlError:
        from botocore import exceptions

        missing = (exceptions.NoCredentialsError, exceptions.PartialCredentialsError)
        if isinstance(error, missing):
            return CredentialsError(f"{self._label}: no credentials", hint="aws configure")
        # Who cannot be connected to is a ConnectionError, who breaks off an HTTPClientError.
        if isinstance(error, (exceptions.ConnectionError, exceptions.HTTPClientError)):
            return Unreachable(f"{self._label} does not answer ({type(error).__name__})")
        return InfctlError(f"{self._label}: {clean(str(error), limit=300)}")


class CloudRefusal(InfctlError):
    """The cloud refused with a code that has no error of its own."""

    def __init__(self, what: str, code: str) -> None:
        super().__init__(what)
        self.code = code


def _make(name: str, account: Account) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        # Without an endpoint of our own none of the shell's may redirect us unseen.
        ignore_configured_endpoint_urls=True,
        s3={"addressing_style": "path"} if account.endpoint else None,
        proxies={} if account.endpoint else None,
    )
    session = boto3.Session(
        aws_access_key_id=account.access_key_id or None,
        aws_secret_access_key=account.secret_access_key or None,
        region_name=account.region,
    )
    return session.client(name, endpoint_url=account.endpoint or None, config=config)
