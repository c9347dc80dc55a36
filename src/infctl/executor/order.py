"""An order as `plan.json` in a run's folder."""

import json
import os
from pathlib import Path

from infctl.engine.order import Order, order_content, order_of
from infctl.errors import ConfigurationError
from infctl.executor.own_files import read_bytes

__all__ = ["PLAN_FILE", "Order", "order_content", "order_of", "read_order", "write_order"]

PLAN_FILE = "plan.json"
_LARGEST = 16 * 1024 * 1024


def write_order(folder: Path, order: Order) -> None:
    """Write `plan.json` durably, mode 0600."""
    content = order_content(order)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(folder / PLAN_FILE, flags, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())


def read_order(folder: Path) -> Order:
    """Read `plan.json` back; ConfigurationError where it is not whole or the plan was changed."""
    path = folder / PLAN_FILE
    try:
        data = json.loads(read_bytes(path, _LARGEST))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    return order_of(data, str(path))
