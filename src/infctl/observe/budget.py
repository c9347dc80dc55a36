"""How much of the error budget is left, from the gateways' own counters."""

import asyncio
import time
from collections.abc import Mapping

from infctl.model.measured import Measured, unknown
from infctl.observe.reading import measure
from infctl.ports.metrics import Metrics

_INGRESS = 'envoy_http_conn_manager_prefix="ingress"'
_SOURCE = "prometheus"


async def read_budget(
    metrics: Mapping[str, Metrics], target: float, window: float, deadline: float
) -> Measured[float]:
    """The share that is left of the errors which `target` allows over `window` seconds.

    1 is all of it, 0 none, and it falls below. A region that does not answer is left out, and the
    value is then marked as incomplete.
    """
    found = await asyncio.gather(*(_counts(m, window, deadline) for m in metrics.values()))
    counted = [c.value for c in found if c.value is not None]
    total = sum(c[0] for c in counted)
    now = time.time()
    silent = [name for name, c in zip(metrics, found, strict=True) if not c.known]
    if not total:
        return unknown(_SOURCE, now, f"no requests were counted{_without(silent)}")
    failed = sum(c[1] for c in counted)
    left = Measured(1 - (failed / total) / (1 - target), now, _SOURCE)
    return left.stale(_without(silent).strip()) if silent else left


def _without(silent: list[str]) -> str:
    return f" without {', '.join(silent)}" if silent else ""


async def _counts(
    metrics: Metrics, window: float, deadline: float
) -> Measured[tuple[float, float]]:
    return await measure(_ask(metrics, int(window)), f"prometheus {metrics.region}", deadline)


async def _ask(metrics: Metrics, window: int) -> tuple[float, float] | None:
    series = "envoy_http_downstream_rq_xx"
    total, failed = await asyncio.gather(
        metrics.query(f"sum(increase({series}{{{_INGRESS}}}[{window}s]))"),
        metrics.query(
            f'sum(increase({series}{{{_INGRESS},envoy_response_code_class="5"}}[{window}s]))'
        ),
    )
    if not total:
        return None
    return total[0].value, failed[0].value if failed else 0.0
