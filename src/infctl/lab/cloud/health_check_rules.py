"""Which health checks Route 53 accepts. Pure: a HealthCheckConfig in, the first fault out.

Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html. One rule
is left out on purpose: Route 53 refuses loopback and private addresses, which are all a lab has.
"""

import ipaddress
from collections.abc import Callable, Mapping, Sequence

ENDPOINT_TYPES = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
TYPES = (*ENDPOINT_TYPES, "CALCULATED")
REGIONS = (
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
)

Config = Mapping[str, str | Sequence[str]]
"""Elements of a HealthCheckConfig by name; lists for ChildHealthChecks and Regions."""

_Rule = Callable[[Config], str]


def find_fault(config: Config) -> str:
    """What Route 53 would refuse in a whole HealthCheckConfig; empty where it would not."""
    return next((fault for rule in (*_SHAPES, *_NEEDS) if (fault := rule(config))), "")


def find_fault_in_change(change: Config) -> str:
    """The same for UpdateHealthCheck, which holds only what changes."""
    return next((fault for rule in _SHAPES if (fault := rule(change))), "")


def _number(name: str, low: int, high: int) -> _Rule:
    def rule(config: Config) -> str:
        value = config.get(name)
        if value is None:
            return ""
        text = str(value)
        if text.isascii() and text.isdigit() and low <= int(text) <= high:
            return ""
        return f"{name} must be a number from {low} to {high}, not '{text[:20]}'"

    return rule


def _length(name: str, most: int) -> _Rule:
    def rule(config: Config) -> str:
        return f"{name} is longer than {most}" if len(config.get(name, "")) > most else ""

    return rule


def _interval(config: Config) -> str:
    value = config.get("RequestInterval")
    if value in (None, "10", "30"):
        return ""
    return f"RequestInterval must be 10 or 30 seconds, not '{str(value)[:20]}'"


def _address(config: Config) -> str:
    value = config.get("IPAddress")
    if value is None:
        return ""
    try:
        ipaddress.ip_address(str(value))
    except ValueError:
        return f"IPAddress is no IP address: '{str(value)[:50]}'"
    return ""


def _regions(config: Config) -> str:
    regions = config.get("Regions")
    if not regions:
        return ""
    unknown = [name for name in regions if name not in REGIONS]
    if unknown:
        return f"Regions holds '{unknown[0][:30]}', which has no health checkers"
    return "" if len(set(regions)) >= 3 else "Regions must hold at least three regions"


def _type(config: Config) -> str:
    value = config.get("Type")
    if value in TYPES:
        return ""
    return f"Type must be one of {', '.join(TYPES)} here, not '{str(value)[:30]}'"


def _target(config: Config) -> str:
    if config["Type"] == "CALCULATED":
        extra = [n for n in ("IPAddress", "Port", "FullyQualifiedDomainName") if n in config]
        return f"{extra[0]} does not go with CALCULATED" if extra else ""
    if not config.get("IPAddress") and not config.get("FullyQualifiedDomainName"):
        return "IPAddress or FullyQualifiedDomainName is needed"
    return "Port is needed for TCP" if config["Type"] == "TCP" and "Port" not in config else ""


def _children(config: Config) -> str:
    if config["Type"] != "CALCULATED":
        return "ChildHealthChecks goes with CALCULATED" if config.get("ChildHealthChecks") else ""
    return "" if "HealthThreshold" in config else "HealthThreshold is needed for CALCULATED"


def _search(config: Config) -> str:
    needed = str(config["Type"]).endswith("_STR_MATCH")
    if needed and not config.get("SearchString"):
        return "SearchString is needed to match a string"
    return "" if needed or not config.get("SearchString") else "SearchString needs a STR_MATCH type"


_SHAPES: tuple[_Rule, ...] = (
    _interval,
    _number("FailureThreshold", 1, 10),
    _number("HealthThreshold", 0, 256),
    _number("Port", 1, 65535),
    _length("ResourcePath", 255),
    _length("SearchString", 255),
    _length("FullyQualifiedDomainName", 255),
    _length("ChildHealthChecks", 256),
    _address,
    _regions,
)
_NEEDS: tuple[_Rule, ...] = (_type, _target, _children, _search)
