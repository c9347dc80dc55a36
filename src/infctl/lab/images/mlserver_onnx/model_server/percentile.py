"""Nearest-rank percentiles."""

import math
from collections.abc import Sequence


def p99(values: Sequence[float]) -> float:
    """The 99th percentile; of fewer than a hundred values it is the largest."""
    if not values:
        raise ValueError("nothing was measured")
    return sorted(values)[math.ceil(0.99 * len(values)) - 1]
