"""The fleet's checkers: named like Route 53's regions, each with a source address of its own."""

from infctl.lab.dns.records import Check

KNOWN = (
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "sa-east-1",
    "ap-southeast-2",
    "ap-northeast-1",
)
"""Route 53's checker regions. Source: HealthCheckRegion in its API reference."""

STANDARD = KNOWN[:6]
"""Those that check where a health check names no regions; Route 53 has more of each."""

_FIRST_ADDRESS = 16


def checkers_of(check: Check) -> tuple[str, ...]:
    """The names of the checkers that probe a check."""
    return tuple(name for name in KNOWN if name in check.regions) or STANDARD


def source_address(lab: int, checker: str) -> str:
    """The shared address from which a checker connects."""
    return f"127.{lab}.0.{_FIRST_ADDRESS + KNOWN.index(checker)}"
