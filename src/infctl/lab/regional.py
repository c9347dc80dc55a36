"""How the lab's small programs of one region start and end."""

import argparse
import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from infctl.lab import spec

Work = Coroutine[Any, Any, None]


def run_program(name: str, serve: Callable[[spec.Lab, spec.Region], Work]) -> None:
    """`python -m NAME --state STATE --region NAME`: serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog=name)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--region", required=True)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    lab = spec.load(given.state)
    run_until_told(serve(lab, lab.region(given.region)))


def run_until_told(work: Work) -> None:
    """Be cancelled by SIGTERM or SIGINT, and end well."""
    asyncio.run(_serve(work))


async def _serve(work: Work) -> None:
    task = asyncio.create_task(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
