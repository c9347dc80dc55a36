"""A hosted zone as it was last read, as strict JSON. Pure.

Only what a failover needs: the weighted records, and of health checks their ids and how they are
put together. Whatever else a file says is refused, since plans are made from it.
"""

import ipaddress
import json
import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from infctl.model.text import clean
from infctl.ports.cloud import CloudState, HealthCheck, Record

OLDEST = 7 * 86_400.0
"""Seconds after which a reading says nothing any more."""
_AHEAD = 300.0
"""Seconds that a reading may seem to come from the future: clocks are stepped."""
_FIELDS = ("Type", "ChildHealthChecks", "HealthThreshold", "Inverted", "Disabled")


def _check_address(value: str) -> str:
    ipaddress.IPv4Address(value)
    return value


_WORD = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}")


def _check_word(value: str) -> str:
    if _WORD.fullmatch(value) is None:
        raise ValueError("not a name")
    return value


Word = Annotated[str, Field(max_length=253), AfterValidator(_check_word)]
Id = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9/-]+$")]
Address = Annotated[str, Field(max_length=15), AfterValidator(_check_address)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Config(_Strict):
    Type: Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,40}$")]
    ChildHealthChecks: Annotated[list[Word], Field(max_length=256)] = []
    HealthThreshold: Annotated[int, Field(ge=0, le=256)] | None = None
    Inverted: bool = False
    Disabled: bool = False


class _Check(_Strict):
    name: Word
    id: Id
    config: _Config


class _Record(_Strict):
    name: Word
    set_identifier: Word
    weight: Annotated[int, Field(ge=0, le=255)]
    ttl: Annotated[int, Field(ge=0, le=2**31 - 1)]
    values: Annotated[list[Address], Field(min_length=1, max_length=16)]
    health_check: Word | Literal[""]


class _Zone(_Strict):
    api_version: Annotated[Literal["infctl.dev/v1"], Field(alias="apiVersion")]
    kind: Literal["KnownZone"]
    environment: Word
    zone: Word
    at: Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
    zone_id: Id
    records: Annotated[list[_Record], Field(min_length=1, max_length=1000)]
    health_checks: Annotated[list[_Check], Field(max_length=5000)]

    @model_validator(mode="after")
    def _is_flat(self) -> Self:
        # A calculated check over calculated ones may be a circle.
        kinds = {c.name: c.config.Type for c in self.health_checks}
        if len(kinds) != len(self.health_checks):
            raise ValueError("two health checks have one name")
        for check in self.health_checks:
            for child in check.config.ChildHealthChecks:
                if kinds.get(child) in (None, "CALCULATED"):
                    raise ValueError("a health check counts one that is missing or calculated")
        if any(r.health_check and r.health_check not in kinds for r in self.records):
            raise ValueError("a record names a health check that is missing")
        return self


def known_text(environment: str, zone: str, state: CloudState, at: float) -> str:
    """The JSON of a state that was read `at` that time; ValueError where it is no such state."""
    content = {
        "apiVersion": "infctl.dev/v1",
        "kind": "KnownZone",
        "environment": environment,
        "zone": zone,
        "at": at,
        "zone_id": state.zone_id,
        "records": [_plain(r) for r in state.records if _is_region(r)],
        "health_checks": [
            {
                "name": c.name,
                "id": c.id,
                "config": {k: c.config[k] for k in _FIELDS if k in c.config},
            }
            for c in state.health_checks
        ],
    }
    text = json.dumps(content, sort_keys=True)
    _parse(text.encode())
    return text


def _is_region(record: Record) -> bool:
    """Whether it may be a region's: others' records of the same zone are no business of ours."""
    names = record.name.rstrip("."), record.set_identifier
    return record.type == "A" and all(_WORD.fullmatch(n) for n in names)


def _plain(record: Record) -> dict[str, Any]:
    return {
        "name": record.name.rstrip("."),
        "set_identifier": record.set_identifier,
        "weight": record.weight,
        "ttl": record.ttl,
        "values": list(record.values),
        "health_check": record.health_check,
    }


def read_known(text: bytes, environment: str, zone: str, now: float) -> tuple[CloudState, float]:
    """The state and the time of its reading; ValueError, in a sentence, where it is not to be used.

    `now` is seconds since the epoch, as the reading's time.
    """
    found = _parse(text)
    if (found.environment, found.zone) != (environment, zone):
        raise ValueError("it is of another environment or zone")
    age = now - found.at
    if age > OLDEST:
        raise ValueError(f"it is {age / 86_400:.0f} days old, at most {OLDEST / 86_400:.0f}")
    if age < -_AHEAD:
        raise ValueError("it is from the future")
    records = tuple(
        Record(r.name, "A", r.set_identifier, r.weight, r.ttl, tuple(r.values), r.health_check)
        for r in found.records
    )
    checks = tuple(
        HealthCheck(c.name, c.config.model_dump(exclude_none=True), c.id)
        for c in found.health_checks
    )
    return CloudState(found.zone_id, records, checks), found.at


def _parse(text: bytes) -> _Zone:
    try:
        data = json.loads(text, object_pairs_hook=_no_duplicates)
        return _Zone.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = clean(".".join(map(str, first["loc"])) or "the whole", limit=80)
        raise ValueError(f"{where}: {clean(first['msg'], limit=120)}") from None
    except (RecursionError, UnicodeDecodeError):
        raise ValueError("it is no JSON that can be read") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
