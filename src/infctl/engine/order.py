"""What an executor is told to run: the plan and where it runs, as plain values; pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infctl.errors import ConfigurationError
from infctl.model.plan import Plan, from_json

RUN_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")


@dataclass(frozen=True, slots=True)
class Order:
    """A plan with everything that its executor needs beside it.

    `environment` is the access file's name, `overlay` what --env named (None: the file's default).
    `overridden` are guards that a reason overrides; `report` is where a copy of the report goes.
    """

    run: str
    plan: Plan
    platform: Path
    environment: str
    actor: str
    on_failure: str = "pause"
    overlay: str | None = None
    overridden: tuple[str, ...] = ()
    report: Path | None = None


def order_content(order: Order) -> dict[str, Any]:
    """The order as plain JSON values; `order_of` reads it back."""
    return {
        "apiVersion": "infctl.dev/v1",
        "kind": "Run",
        "run": order.run,
        "digest": order.plan.digest,
        "platform": str(order.platform),
        "environment": order.environment,
        "overlay": order.overlay,
        "actor": order.actor,
        "on_failure": order.on_failure,
        "overridden": list(order.overridden),
        "report": None if order.report is None else str(order.report),
        "plan": order.plan.to_json(),
    }


def order_of(data: Mapping[str, Any], where: str) -> Order:
    """An order from what `order_content` gave; ConfigurationError where it is not whole."""
    try:
        plan = from_json(data["plan"])
        order = Order(
            run=data["run"],
            plan=plan,
            platform=Path(data["platform"]),
            environment=data["environment"],
            actor=data["actor"],
            on_failure=data["on_failure"],
            overlay=data["overlay"],
            overridden=tuple(data["overridden"]),
            report=None if data["report"] is None else Path(data["report"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{where} cannot be read: {error}") from error
    if plan.digest != data.get("digest"):
        raise ConfigurationError(f"{where} was changed after it was written")
    return order
