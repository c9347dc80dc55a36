"""Values with units: durations, percentages and Kubernetes quantities.

Durations are floats in seconds once read, percentages floats in 0..1; both are written back with
their unit. Quantities stay text, as Kubernetes reads them.
"""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_DURATION = re.compile(r"([0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h|d))+")
_PERCENTAGE = re.compile(r"([0-9]{1,3}(\.[0-9]{1,6})?)%")
_QUANTITY = re.compile(r"([0-9]{1,15}(\.[0-9]{1,6})?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_FACTORS = {"": Decimal(1), "m": Decimal("0.001"), "k": Decimal(10**3), "M": Decimal(10**6)}
_FACTORS |= {"G": Decimal(10**9), "T": Decimal(10**12)}
_FACTORS |= {"Ki": Decimal(2**10), "Mi": Decimal(2**20)}
_FACTORS |= {"Gi": Decimal(2**30), "Ti": Decimal(2**40)}


def parse_duration(value: Any) -> float:
    """Seconds of a text such as 20s, 250ms or 1h30m; a number without a unit is refused."""
    import durationpy

    if isinstance(value, str) and _DURATION.fullmatch(value):
        return float(durationpy.from_str(value).total_seconds())
    raise ValueError("not a duration: write a number with its unit, such as 20s, 250ms or 1h30m")


def format_duration(seconds: float) -> str:
    """The shortest text that `parse_duration` reads back, with at most millisecond precision."""
    milliseconds = round(seconds * 1000)
    parts = []
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_percentage(value: Any) -> float:
    """A share in 0..1 of a text such as 99.9%, or of a number in 0..1."""
    if isinstance(value, str) and (match := _PERCENTAGE.fullmatch(value)):
        share = float(Decimal(match[1]) / 100)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        share = float(value)
    else:
        raise ValueError("not a percentage: write it such as 99.9%")
    if not 0 <= share <= 1:
        raise ValueError("not between 0% and 100%")
    return share


def format_percentage(share: float) -> str:
    """A share as a percentage, without trailing zeros."""
    return f"{(Decimal(str(share)) * 100).normalize():f}%"


def parse_quantity(value: Any) -> str:
    """A Kubernetes quantity such as 500m or 256Mi; plain numbers are taken as they are."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value:g}"
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return value
    raise ValueError("not a quantity: write it such as 500m or 256Mi")


def amount(quantity: str) -> Decimal:
    """The number that a quantity means."""
    match = _QUANTITY.fullmatch(quantity)
    if match is None:
        raise ValueError(f"not a quantity: {quantity}")
    return Decimal(match[1]) * _FACTORS[match[3] or ""]


def _schema(pattern: re.Pattern[str], description: str, *, number: bool = False) -> WithJsonSchema:
    text = {"type": "string", "pattern": f"^{pattern.pattern}$", "description": description}
    if not number:
        return WithJsonSchema(text)
    return WithJsonSchema({"anyOf": [text, {"type": "number", "minimum": 0}]})


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    _schema(_DURATION, "A number with its unit, such as 20s, 250ms or 1h30m."),
]
Percentage = Annotated[
    float,
    BeforeValidator(parse_percentage),
    PlainSerializer(format_percentage, return_type=str, when_used="json"),
    _schema(_PERCENTAGE, "A share such as 99.9%, or 0.999.", number=True),
]
Quantity = Annotated[
    str,
    BeforeValidator(parse_quantity),
    _schema(_QUANTITY, "A Kubernetes quantity such as 500m or 256Mi.", number=True),
]
