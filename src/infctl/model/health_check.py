"""Is a Route 53 health check healthy, by what its checkers last said?

Sources: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
(more than 18 % of the checkers), HealthCheckConfig for Inverted and CALCULATED.
GetHealthCheckStatus does not answer for calculated checks, and what it reports of an inverted one
is what was seen, before the inversion.
"""

from collections.abc import Mapping, Sequence
from typing import Any

HEALTHY_SHARE = 0.18


def leaves(name: str, configs: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """The names of the checks below a calculated one that probe something, or the check itself."""
    config = configs.get(name)
    if config is None:
        return ()
    if config.get("Type") != "CALCULATED":
        return (name,)
    return tuple(leaf for child in config["ChildHealthChecks"] for leaf in leaves(child, configs))


def evaluate(
    name: str,
    configs: Mapping[str, Mapping[str, Any]],
    seen: Mapping[str, Sequence[bool]],
) -> bool | None:
    """Whether the check is healthy; None where a checker's word is missing and would decide.

    `configs` are HealthCheckConfigs by name, `seen` what each checker last saw of each leaf.
    """
    config = configs.get(name)
    if config is None:
        return None
    if config.get("Disabled"):
        return not config.get("Inverted", False)
    if config.get("Type") == "CALCULATED":
        raw = _calculate(config, configs, seen)
    else:
        raw = _count(seen.get(name, ()))
    return raw if raw is None else raw != bool(config.get("Inverted", False))


def _count(words: Sequence[bool]) -> bool | None:
    return sum(words) / len(words) > HEALTHY_SHARE if words else None


def _calculate(
    config: Mapping[str, Any],
    configs: Mapping[str, Mapping[str, Any]],
    seen: Mapping[str, Sequence[bool]],
) -> bool | None:
    children = [evaluate(child, configs, seen) for child in config["ChildHealthChecks"]]
    threshold = int(config.get("HealthThreshold", len(children)))
    if sum(child is True for child in children) >= threshold:
        return True
    if sum(child is not False for child in children) < threshold:
        return False
    return None
