"""A region's Prometheus behind the port `Metrics`."""

import math
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from infctl.clients.breaker import Breaker
from infctl.clients.bulkhead import Bulkhead
from infctl.errors import CredentialsError, InfctlError, Unreachable
from infctl.model.text import clean
from infctl.ports.metrics import Sample

T = TypeVar("T")

READ_SECONDS = 5
CALL_SECONDS = 6.0
MOST_SAMPLES = 100_000
_READY, _NOT_YET, _DENIED = 200, 503, (401, 403)


class PrometheusMetrics:
    """Instant queries; the library is imported at the first one."""

    def __init__(self, region: str, url: str) -> None:
        self.region = region
        self._url = url.rstrip("/")
        self._label = f"Prometheus of {region}"
        self._made: Any = None
        self._session: Any = None
        self._making = threading.Lock()
        self._bulkhead = Bulkhead(self._label)
        self._breaker = Breaker(self._label)

    async def query(self, expression: str) -> list[Sample]:
        """The samples of a PromQL expression; NaN is left out."""

        def ask() -> list[Sample]:
            return self._samples(self._client().custom_query(expression))

        return await self._call(ask)

    async def ready(self) -> bool:
        """Whether the server says that it is ready."""
        return await self._call(self._is_ready)

    def close(self) -> None:
        """Give back the connections."""
        if self._session is not None:
            self._session.close()

    async def _call(self, work: Callable[[], T]) -> T:
        self._breaker.check()
        try:
            found = await self._bulkhead.call(lambda: self._translated(work), CALL_SECONDS)
        except Unreachable as error:
            self._breaker.fail(error.what)
            raise
        self._breaker.succeed()
        return found

    def _client(self) -> Any:
        with self._making:
            if self._made is None:
                self._made, self._session = _connect(self._url)
        return self._made

    def _is_ready(self) -> bool:
        # The library asks for the console's page, which some packages of Prometheus lack.
        self._client()
        answer = self._session.get(f"{self._url}/-/ready", timeout=READ_SECONDS)
        if answer.status_code in _DENIED:
            raise CredentialsError(f"{self._label} answers {answer.status_code}")
        if answer.status_code not in (_READY, _NOT_YET):
            raise Unreachable(f"{self._label} answers {answer.status_code}")
        return bool(answer.status_code == _READY)

    def _translated(self, work: Callable[[], T]) -> T:
        from prometheus_api_client.exceptions import PrometheusApiClientException
        from requests import RequestException

        try:
            return work()
        except PrometheusApiClientException as error:
            raise self._refusal(clean(str(error), limit=300)) from error
        except RequestException as error:
            raise Unreachable(f"{self._label} does not answer ({type(error).__name__})") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Unreachable(f"what answers as {self._label} does not speak its API") from error

    def _refusal(self, text: str) -> InfctlError:
        if "HTTP Status Code 401" in text or "HTTP Status Code 403" in text:
            return CredentialsError(f"{self._label}: {text}")
        if "HTTP Status Code 4" in text:
            return InfctlError(f"{self._label}: {text}")
        return Unreachable(f"{self._label}: {text}")

    def _samples(self, rows: Any) -> list[Sample]:
        if len(rows) > MOST_SAMPLES:
            raise InfctlError(f"{self._label}: more than {MOST_SAMPLES} samples")
        if _is_no_instant(rows):
            raise InfctlError(f"{self._label}: the expression is a range or a text, no number")
        found = [_sample(row) for row in _as_vector(rows)]
        return [sample for sample in found if not math.isnan(sample.value)]


def _connect(url: str) -> tuple[Any, Any]:
    """The library's client, and the session that it uses."""
    from prometheus_api_client.prometheus_connect import PrometheusConnect
    from requests import Session

    from infctl.clients.bounded_http import bound

    session = Session()
    # No proxy of the environment stands before a server that was named by its address.
    session.trust_env = not _is_loopback(url)
    client = PrometheusConnect(url, session=session, timeout=READ_SECONDS)
    # After the library, which mounts an adapter that asks up to four times.
    bound(session, url, READ_SECONDS)
    return client, session


def _is_no_instant(rows: Any) -> bool:
    """Whether it is a matrix, or a string (a time and a text that is no number)."""
    if rows and isinstance(rows[0], Mapping):
        return "values" in rows[0]
    return _is_pair(rows) and not _is_number(rows[1])


def _as_vector(rows: Any) -> Any:
    """A scalar comes as one pair, without labels."""
    return [{"metric": {}, "value": rows}] if _is_pair(rows) else rows


def _is_pair(rows: Any) -> bool:
    return isinstance(rows, list) and len(rows) == 2 and isinstance(rows[1], str)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _sample(row: Mapping[str, Any]) -> Sample:
    at, value = row["value"]
    labels = {clean(str(k), limit=200): clean(str(v), limit=500) for k, v in row["metric"].items()}
    return Sample(labels, float(value), float(at))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
