"""The prometheus trigger: one number that a query answers."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from infctl.lab.autoscaler.bodies import read_body
from infctl.lab.autoscaler.numbers import Refused, number, quoted, switch
from infctl.lab.autoscaler.triggers.common import (
    External,
    Reading,
    ScalerFailed,
    metric_kind,
    metric_name,
    needed,
)

_SECONDS = 3.0
_LARGEST_ANSWER = 2**20
_OK = 300


@dataclass(frozen=True, slots=True)
class Prometheus(External):
    """A query; no data, NaN and infinity are zero where `ignores_nothing`, else an error."""

    server: str
    query: str
    activation: float
    ignores_nothing: bool

    def conclude(self, status: int, body: bytes) -> Reading:
        """The reading that an answer means; ScalerFailed with the reason where it means none."""
        value = read_answer(status, body)
        if value is None or not math.isfinite(value):
            if not self.ignores_nothing:
                said = "no data" if value is None else f"{value}"
                raise ScalerFailed(f"{self.label}: the query answers {said}")
            value = 0.0
        return Reading(value, value > self.activation)


def read_answer(status: int, body: bytes) -> float | None:
    """The one number in Prometheus' answer; None where there is no data."""
    try:
        answer = json.loads(body)
        if answer["status"] != "success":
            raise ScalerFailed(f"prometheus refuses the query: {quoted(answer.get('error'))}")
        kind, result = answer["data"]["resultType"], answer["data"]["result"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ScalerFailed(f"prometheus answers {status} without a result") from None
    if status >= _OK:
        raise ScalerFailed(f"prometheus answers {status}")
    if kind == "scalar":
        return _number(result)
    if kind != "vector" or not isinstance(result, list):
        raise ScalerFailed(f"the query answers a {quoted(kind)}, not one number")
    if len(result) > 1:
        raise ScalerFailed(f"the query answers {len(result)} series, not one number")
    return _number(result[0].get("value")) if result else None


def _number(sample: Any) -> float:
    """The value of a sample: a moment and a number as text."""
    try:
        _, text = sample
        return float(text)
    except (TypeError, ValueError):
        raise ScalerFailed(f"the query answers {quoted(sample)}, not one number") from None


def read_trigger(index: int, trigger: Mapping[str, Any]) -> Prometheus:
    """The trigger; Refused with the reason where it makes no sense."""
    metadata: Mapping[str, str] = trigger["metadata"]
    server = needed(metadata, "serverAddress")
    if urlsplit(server).scheme not in ("http", "https"):
        raise Refused(f"metadata.serverAddress is no URL: {quoted(server)}")
    threshold = number(needed(metadata, "threshold"), "metadata.threshold")
    if threshold <= 0:
        raise Refused("metadata.threshold has to be above 0")
    activation = metadata.get("activationThreshold", "0")
    ignores = metadata.get("ignoreNullValues", "true")
    return Prometheus(
        metric=metric_name(index, "prometheus"),
        label=str(trigger.get("name") or "prometheus"),
        threshold=threshold,
        kind=metric_kind(trigger),
        server=server,
        query=needed(metadata, "query"),
        activation=number(activation, "metadata.activationThreshold"),
        ignores_nothing=switch(ignores, "metadata.ignoreNullValues"),
    )


def server_of(address: str, own: str) -> str:
    """Where an address is asked: as it stands on loopback, else at the region's own server.

    A lab has no cluster DNS, and nothing of it leaves the machine.
    """
    try:
        parts = urlsplit(address)
        is_local = ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return own
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}" if is_local else own


async def ask(session: aiohttp.ClientSession, url: str, trigger: Prometheus) -> Reading:
    """Ask the server at `url`; ScalerFailed where it does not answer within 3 s."""
    limit = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with session.post(
            f"{url}/api/v1/query",
            data={"query": trigger.query},
            timeout=limit,
            allow_redirects=False,
        ) as answer:
            return trigger.conclude(answer.status, await read_body(answer, _LARGEST_ANSWER))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ScalerFailed(f"prometheus at {url}: {type(error).__name__}") from None
