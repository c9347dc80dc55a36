"""Is a health check healthy, by what its checkers concluded? Pure.

Sources: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
and HealthCheckConfig (Inverted, Disabled, HealthThreshold).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from infctl.lab.dns.records import Check

HEALTHY_SHARE = 0.18
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What one checker holds of one check: healthy until it saw enough to say otherwise.

    `streak` counts the latest results in a row that say the opposite. `at` (seconds since the
    epoch) and `status` are of the latest probe that agrees; `at` is 0 until there was one.
    `failed_at` and `failure` are of the latest probe that failed.
    """

    healthy: bool = True
    streak: int = 0
    at: float = 0.0
    status: str = ""
    failed_at: float = 0.0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What one probe saw: `at` is when it ended, `seconds` how long it took."""

    passed: bool
    status: str
    at: float
    seconds: float


def conclude(before: Conclusion, result: Result, threshold: int) -> Conclusion:
    """A checker's conclusion after one more probe: `threshold` opposite results in a row turn it.

    The API reports it with the probe that made or last confirmed it.
    """
    if not result.passed:
        before = replace(before, failed_at=result.at, failure=result.status)
    if result.passed == before.healthy:
        return replace(before, streak=0, at=result.at, status=result.status)
    if before.streak + 1 < threshold:
        return replace(before, streak=before.streak + 1)
    return replace(before, healthy=result.passed, streak=0, at=result.at, status=result.status)


def is_endpoint_healthy(words: Sequence[bool]) -> bool:
    """More than 18 % of the checkers say so; a check that nobody looked at yet is healthy."""
    return not words or sum(words) / len(words) > HEALTHY_SHARE


def is_healthy(
    identifier: str,
    checks: Mapping[str, Check],
    words: Mapping[str, Sequence[bool]],
    depth: int = 0,
) -> bool:
    """A check's status, inversion included. One that no longer exists counts as healthy."""
    check = checks.get(identifier)
    if check is None or depth > _DEEPEST:
        return True
    if check.disabled:
        return not check.inverted
    if check.type == "CALCULATED":
        children = [is_healthy(child, checks, words, depth + 1) for child in check.children]
        return (sum(children) >= check.health_threshold) != check.inverted
    return is_endpoint_healthy(words.get(identifier, ())) != check.inverted
