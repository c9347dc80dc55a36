"""Nearest-rank quantiles."""

import math
from collections.abc import Iterable


def quantile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that at least `share` (0..1) of all do not exceed; None without any."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
