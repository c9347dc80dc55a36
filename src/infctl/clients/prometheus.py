"""A region's Prometheus behind the port `Metrics`."""

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from infctl.clients.breaker import Breaker
from infctl.clients.bulkhead import Bulkhead
from infctl.errors import CredentialsError, InfctlError, Unreachable
from infctl.model.text import clean
from infctl.ports.metrics import Sample

READ_SECONDS = 5
CALL_SECONDS = 6.0
MOST_SAMPLES = 100_000


class PrometheusMetrics:
    """Instant queries; the library is imported at the first one."""

    def __init__(self, region: str, url: str) -> None:
        self.region = region
        self._url = url
        self._made: Any = None
        label = f"Prometheus of {region}"
        self._label = label
        self._bulkhead = Bulkhead(label)
        self._breaker = Breaker(label)

    async def query(self, expression: str) -> list[Sample]:
        """The samples of a PromQL expression; NaN is left out."""
        rows = await self._call(lambda: self._client().custom_query(expression))
        return self._samples(rows)

    async def ready(self) -> bool:
        """Whether the server says that it is ready."""
        return bool(await self._call(lambda: self._client().check_prometheus_connection()))

    def close(self) -> None:
        """Give back threads and connections."""
        self._bulkhead.close()
        if self._made is not None:
            self._made.close()

    async def _call(self, work: Any) -> Any:
        self._breaker.check()
        try:
            found = await self._bulkhead.call(lambda: self._translated(work), CALL_SECONDS)
        except Unreachable as error:
            self._breaker.fail(error.what)
            raise
        self._breaker.succeed()
        return found

    def _client(self) -> Any:
        if self._made is None:
            from prometheus_api_client.prometheus_connect import PrometheusConnect
            from requests import Session
            from requests.adapters import HTTPAdapter

            session = Session()
            # No proxy of the environment stands before a server that was named by its address.
            session.trust_env = not _is_loopback(self._url)
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(max_retries=0, pool_maxsize=8))
            self._made = PrometheusConnect(self._url, session=session, timeout=READ_SECONDS)
        return self._made

    def _translated(self, work: Any) -> Any:
        from prometheus_api_client.exceptions import PrometheusApiClientException
        from requests import RequestException

        try:
            return work()
        except PrometheusApiClientException as error:
            text = clean(str(error), limit=300)
            if "HTTP Status Code 401" in text or "HTTP Status Code 403" in text:
                raise CredentialsError(f"{self._label}: {text}") from error
            if "HTTP Status Code 5" in text:
                raise Unreachable(f"{self._label}: {text}") from error
            raise InfctlError(f"{self._label}: {text}") from error
        except RequestException as error:
            raise Unreachable(f"{self._label} does not answer ({type(error).__name__})") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Unreachable(f"what answers as {self._label} does not speak its API") from error

    def _samples(self, rows: Any) -> list[Sample]:
        if not isinstance(rows, list) or len(rows) > MOST_SAMPLES:
            raise Unreachable(f"what answers as {self._label} does not speak its API")
        try:
            found = [_sample(row) for row in rows]
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise Unreachable(f"what answers as {self._label} does not speak its API") from error
        return [sample for sample in found if not math.isnan(sample.value)]


def _sample(row: Mapping[str, Any]) -> Sample:
    at, value = row["value"]
    labels = {clean(str(k), limit=200): clean(str(v), limit=500) for k, v in row["metric"].items()}
    return Sample(labels, float(value), float(at))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
