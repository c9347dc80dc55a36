"""Takes a run of another machine over from its copies in the clusters."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from infctl.engine.copies import Copy
from infctl.engine.journal import adopt_records
from infctl.errors import ConfigurationError, InfctlError, JournalError
from infctl.executor.folders import make_folder
from infctl.executor.order import Order, write_order
from infctl.model.journal import Record
from infctl.platform import Platform


def take_over(copy: Copy, platform: Platform) -> Path:
    """Write the run as the clusters tell it into this machine's state; its folder.

    The plan then runs with this machine's platform file and access file. Raises ConfigurationError
    where the copy is of another environment, JournalError where it cannot be written: nothing is
    left of it then.
    """
    order = copy.order
    if order.environment != platform.environment:
        raise ConfigurationError(
            f"run {order.run} is of environment {order.environment}, not {platform.environment}",
            hint=f"infctl --env {order.environment} runs resume {order.run}",
            unchanged="nothing was written",
        )
    here = replace(order, platform=platform.path.resolve(), overlay=platform.overlay, report=None)
    return write_run(here, copy.records)


def write_run(order: Order, records: Iterable[Record]) -> Path:
    """A new folder with these records, as they are; JournalError where that cannot be written."""
    folder = make_folder(order.run)
    try:
        adopt_records(folder, records)
        # Last: without an order no executor takes the folder for a run.
        write_order(folder, order)
    except (InfctlError, OSError) as error:
        # A folder without an order would hide the copy from the next try.
        shutil.rmtree(folder, ignore_errors=True)
        why = error.what if isinstance(error, InfctlError) else error.strerror
        raise JournalError(
            f"run {order.run} cannot be written to {folder.parent}: {why}",
            hint=f"df -h {folder.parent}",
            unchanged="nothing was taken over",
        ) from error
    return folder
