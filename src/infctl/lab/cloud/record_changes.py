"""What a batch of Route 53 changes does to a zone's record sets: all of it, or a refusal. Pure.

Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

RecordSet = Mapping[str, Any]
"""ResourceRecordSet as the API has it; empty values count as missing."""
Identity = tuple[str, str, str]
State = dict[Identity, RecordSet]

_ACTIONS = ("CREATE", "DELETE", "UPSERT")
_POLICIES = ("Weight", "Region", "GeoLocation", "Failover", "MultiValueAnswer")
_MOST_TTL = 2_147_483_647
_MOST_WEIGHT = 255
_Rule = Callable[[RecordSet], str]


class Refused(Exception):
    """Nothing of the batch is done; `faults` says why, one sentence for each change at fault."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("[" + ", ".join(faults) + "]")
        self.faults = tuple(faults)


def identity(record_set: RecordSet) -> Identity:
    """What tells a record set from others: name (lower case, with its dot), type, SetIdentifier."""
    name = str(record_set.get("Name") or "").lower().rstrip(".") + "."
    return name, str(record_set.get("Type") or ""), str(record_set.get("SetIdentifier") or "")


def apply(state: State, changes: Sequence[Mapping[str, Any]], zone: str) -> State:
    """The record sets after all changes, in their order; Refused where one cannot be made."""
    after, faults = dict(state), []
    for change in changes:
        fault = _apply_one(after, str(change.get("Action")), change["ResourceRecordSet"], zone)
        if fault:
            faults.append(fault)
    if faults:
        raise Refused(faults)
    return after


def _apply_one(state: State, action: str, record_set: RecordSet, zone: str) -> str:
    key = identity(record_set)
    told = f"[name='{key[0]}', type='{key[1]}'"
    told += f", set identifier='{key[2]}']" if key[2] else "]"
    if action not in _ACTIONS:
        return f"Value '{action}' is none of {', '.join(_ACTIONS)}"
    if not f".{key[0]}".endswith("." + zone.lower().rstrip(".") + "."):
        return f"RRSet with DNS name {key[0]} is not permitted in zone {zone}"
    if action == "DELETE":
        return _delete(state, key, record_set, told)
    if action == "CREATE" and key in state:
        return f"Tried to create resource record set {told} but it already exists"
    fault = next((found for rule in _RULES if (found := rule(record_set))), "")
    fault = fault or _beside(state, key, record_set)
    if fault:
        return f"Invalid Resource Record Set {told}: {fault}"
    state[key] = record_set
    return ""


def _delete(state: State, key: Identity, record_set: RecordSet, told: str) -> str:
    if key not in state:
        return f"Tried to delete resource record set {told} but it was not found"
    if _content(state[key]) != _content(record_set):
        return (
            f"Tried to delete resource record set {told} but the values provided do not match "
            "the current values"
        )
    del state[key]
    return ""


def _beside(state: State, key: Identity, record_set: RecordSet) -> str:
    """What the other record sets of the name do not allow beside them."""
    names = [other for other in state if other[0] == key[0] and other != key]
    policies = {_policies(state[other]) for other in names if other[1] == key[1]}
    if policies - {_policies(record_set)}:
        return "the record sets of a name and type must have one routing policy"
    kinds = {other[1] for other in names} - {key[1]}
    if (key[1] == "CNAME" and kinds) or "CNAME" in kinds:
        return f"a CNAME is not permitted beside other record sets of the name {key[0]}"
    return ""


def _content(record_set: RecordSet) -> dict[str, Any]:
    found = {name: _comparable(value) for name, value in record_set.items()}
    found.pop("Name", None)
    return {name: value for name, value in found.items() if not _is_missing(value)}


def _is_missing(value: Any) -> bool:
    """A weight of 0 is there."""
    return value is None or value is False or value in ("", ())


def _comparable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(sorted((k, _comparable(v)) for k, v in value.items() if v is not None))
    if isinstance(value, (list, tuple)):
        return tuple(sorted(map(_comparable, value), key=str))
    return value if value is None or isinstance(value, bool) else str(value).rstrip(".")


def _what(record_set: RecordSet) -> str:
    alias, values = record_set.get("AliasTarget"), record_set.get("ResourceRecords")
    if alias:
        return "AliasTarget goes with neither TTL nor ResourceRecords" if values else ""
    if not values or record_set.get("TTL") is None:
        return "expected exactly one of AliasTarget, or both TTL and ResourceRecords"
    return ""


def _number(name: str, most: int) -> _Rule:
    def rule(record_set: RecordSet) -> str:
        value = record_set.get(name)
        if value is None or (str(value).isdigit() and int(value) <= most):
            return ""
        return f"{name} must be a number from 0 to {most}, not '{str(value)[:20]}'"

    return rule


def _policies(record_set: RecordSet) -> tuple[str, ...]:
    return tuple(name for name in _POLICIES if not _is_missing(record_set.get(name)))


def _policy(record_set: RecordSet) -> str:
    found = _policies(record_set)
    if len(found) > 1:
        return f"only one of {', '.join(found)} can be given"
    if bool(found) != bool(record_set.get("SetIdentifier")):
        return "SetIdentifier goes with exactly one routing policy, and each needs it"
    return ""


def _twice(record_set: RecordSet) -> str:
    values = [str(item.get("Value")) for item in record_set.get("ResourceRecords") or ()]
    return "a value is given twice" if len(values) != len(set(values)) else ""


_RULES: tuple[_Rule, ...] = (
    _what,
    _number("TTL", _MOST_TTL),
    _number("Weight", _MOST_WEIGHT),
    _policy,
    _twice,
)
