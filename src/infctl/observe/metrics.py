"""What a region's Prometheus says: the RED signals, the queue and the device slots."""

import asyncio

from infctl.model.measured import Measured, unknown
from infctl.observe.reading import measure
from infctl.observe.signals import expressions
from infctl.ports.metrics import Metrics

_NO_DATA_REASON = {"error_ratio": "no requests", "p50": "no requests", "p99": "no requests"}


async def read_metrics(metrics: Metrics, deadline: float) -> dict[str, Measured[float]]:
    """Every signal by name; all are asked at once."""
    source = f"prometheus {metrics.region}"
    queries = expressions()
    answers = await asyncio.gather(
        *(measure(_single(metrics, query), source, deadline) for query in queries.values())
    )
    return {name: _explain(name, answer) for name, answer in zip(queries, answers, strict=True)}


async def _single(metrics: Metrics, expression: str) -> float | None:
    samples = await metrics.query(expression)
    return samples[0].value if samples else None


def _explain(name: str, answer: Measured[float]) -> Measured[float]:
    if answer.reason != "no data":
        return answer
    reason = _NO_DATA_REASON.get(name, "no data")
    return unknown(answer.source, answer.at, reason)
