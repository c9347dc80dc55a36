"""S3 object lock: which retention may replace which. Pure.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

MODES: Final = ("GOVERNANCE", "COMPLIANCE")
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
PROTECTED: Final = "Access Denied because object protected by object lock."


@dataclass(frozen=True, slots=True)
class Retention:
    """Mode and end of a retention; without a mode there is none."""

    mode: str = ""
    until: datetime = _NEVER

    def holds(self, now: datetime) -> bool:
        """Whether it keeps a version from being deleted now."""
        return bool(self.mode) and self.until > now


@dataclass(frozen=True, slots=True)
class Fault:
    """S3's code and sentence."""

    code: str
    message: str


def read_moment(text: str) -> datetime:
    """A moment of an S3 header or document; ValueError where it is none."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read(mode: str | None, until: str | None, now: datetime) -> Retention | Fault:
    """A retention that somebody asks for; both values are given, or none."""
    if not mode and not until:
        return Retention()
    if not mode or not until:
        names = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode"
        return Fault("InvalidArgument", f"{names} must both be supplied")
    if mode not in MODES:
        return Fault("InvalidArgument", "Unknown wormMode directive.")
    try:
        moment = read_moment(until)
    except ValueError:
        return Fault("InvalidArgument", "The retain until date must be provided in ISO 8601 format")
    if moment <= now:
        return Fault("InvalidArgument", "The retain until date must be in the future!")
    return Retention(mode, moment)


def find_fault(held: Retention, wanted: Retention, now: datetime, *, bypass: bool) -> Fault | None:
    """Why a version's retention may not become `wanted`; longer is always allowed."""
    if not held.holds(now) or (bypass and held.mode == "GOVERNANCE"):
        return None
    if wanted.mode == held.mode and wanted.until >= held.until:
        return None
    return Fault("AccessDenied", PROTECTED)
