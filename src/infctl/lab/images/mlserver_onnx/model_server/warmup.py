"""Warm-up: real requests over HTTP to this server's own port."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

from .configuration import Model
from .percentile import p99

_OK = 200
_ANSWER_SECONDS = 10.0


class WarmUpError(Exception):
    """This server did not answer its own requests as it should."""


@dataclass(frozen=True, slots=True)
class Round:
    """How long a round of requests to one version took, and the p99 of its requests."""

    seconds: float
    p99: float


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Sends a version's golden inputs in turn, over as many connections as there are slots."""

    host: str
    port: int
    requests: int
    connections: int

    def run(self, model: Model, golden: Sequence[dict[str, Any]]) -> Round:
        """One round; it blocks. WarmUpError where an answer was not 200."""
        bodies = [json.dumps({"inputs": example["inputs"]}).encode() for example in golden]
        order = [bodies[number % len(bodies)] for number in range(self.requests)]
        count = min(self.connections, self.requests)
        shares = [order[first::count] for first in range(count)]
        began = time.monotonic()
        with ThreadPoolExecutor(count) as pool:
            taken = list(pool.map(lambda share: self._send(model, share), shares))
        return Round(time.monotonic() - began, p99([one for share in taken for one in share]))

    def _send(self, model: Model, bodies: Sequence[bytes]) -> list[float]:
        path = f"/v2/models/{model.name}/versions/{model.version}/infer"
        connection = HTTPConnection(self.host, self.port, timeout=_ANSWER_SECONDS)
        try:
            return [_time(connection, path, body) for body in bodies]
        except (OSError, HTTPException) as error:
            raise WarmUpError(f"{model} did not answer: {type(error).__name__}") from error
        finally:
            connection.close()


def _time(connection: HTTPConnection, path: str, body: bytes) -> float:
    """Seconds until the whole answer was there."""
    began = time.monotonic()
    connection.request("POST", path, body, {"content-type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != _OK:
        raise WarmUpError(f"{path} answered {answer.status}: {text[:200]!a}")
    return time.monotonic() - began
