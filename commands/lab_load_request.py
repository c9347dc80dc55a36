"""From the words of `infctl lab load start` to what is asked of the load."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infctl.content.load_shape import LARGEST_RATE, countries_problem, read_shape, shape_problem
from infctl.errors import UsageError
from infctl.model.text import clean
from infctl.ports.load import LoadRequest, Shape

if TYPE_CHECKING:
    from infctl.platform import Platform

LONGEST = 24 * 3600.0
_MOST_USERS = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options as they were typed; None where one was not."""

    rate: float | None
    users: int | None
    kind: str
    peak: float | None
    over: str | None
    after: str | None
    replay: Path | None
    speed: float
    countries: Sequence[str]
    keep: str


def make_request(platform: "Platform", wanted: Wanted, log: Path) -> LoadRequest:
    """The load, with the drills' rate and clients where none were named; UsageError if wrong."""
    usual = platform.drills.failover
    rate = usual.rate if wanted.rate is None else wanted.rate
    users = usual.users if wanted.users is None else wanted.users
    if not 0.01 <= rate <= LARGEST_RATE:
        raise UsageError(f"--rate takes from 0.01 to {LARGEST_RATE:g}", hint="--rate 60")
    if not 1 <= users <= _MOST_USERS:
        raise UsageError(f"--users takes from 1 to {_MOST_USERS}", hint="--users 30")
    seconds = _seconds("--for", wanted.keep)
    if not 1 <= seconds <= LONGEST:
        raise UsageError("--for takes from 1s to 24h", hint="--for 10m")
    return LoadRequest(
        endpoint=f"{platform.service.host}:{platform.service.port}",
        users=users,
        rate=rate,
        timeout=platform.traffic.timeout,
        log=log,
        shape=_shape(wanted),
        countries=_countries(wanted.countries),
        seconds=seconds,
    )


def _shape(wanted: Wanted) -> Shape:
    if wanted.replay is not None and wanted.kind not in ("steady", "replay"):
        raise UsageError(f"a replayed log has its own shape, and --shape {wanted.kind} is another")
    data: dict[str, object] = {"kind": "replay" if wanted.replay else wanted.kind}
    if wanted.peak is not None:
        data["peak"] = wanted.peak
    if wanted.over is not None:
        data["over"] = _seconds("--over", wanted.over)
    if wanted.after is not None:
        data["after"] = _seconds("--after", wanted.after)
    if wanted.replay is not None:
        data |= {"source": str(wanted.replay.absolute()), "speed": wanted.speed}
    if problem := shape_problem(data):
        raise UsageError(
            f"--shape {data['kind']}: the shape must be {problem}",
            hint="--shape ramp --peak 200 --over 2m; --replay LOG",
        )
    return read_shape(data)


def _countries(words: Sequence[str]) -> tuple[tuple[str, float], ...]:
    found: dict[str, float] = {}
    for word in words:
        code, _, share = word.partition("=")
        try:
            found[code] = float(share or 1)
        except ValueError:
            found[code] = 0.0
    if words and (problem := countries_problem(found)):
        shown = clean(" ".join(words), limit=80)
        raise UsageError(f"--country {shown}: must be {problem}", hint="--country DE=2")
    return tuple(found.items())


def _seconds(option: str, text: str) -> float:
    from infctl.platform.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}", hint=f"{option} 2m") from None
