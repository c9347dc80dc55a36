"""`python -m infctl.lab.agent --state STATE --region NAME`."""

import argparse
import asyncio
import logging
import os
import signal
from pathlib import Path

from infctl.lab import spec
from infctl.lab.agent.agent import serve
from infctl.lab.agent.host import FindImage


def run(state: Path, name: str, find_image: FindImage) -> None:
    """Be a region's agent until SIGTERM."""
    os.umask(0o077)
    lab = spec.load(state)
    asyncio.run(_serve_until_told(lab, lab.region(name), find_image))


async def _serve_until_told(lab: spec.Lab, region: spec.Region, find_image: FindImage) -> None:
    task = asyncio.create_task(serve(lab, region, find_image))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return


def main() -> None:
    """Read the words on the command line and serve."""
    from infctl.lab.images import table

    parser = argparse.ArgumentParser(prog="infctl.lab.agent")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--region", required=True)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    run(given.state, given.region, table.find)


if __name__ == "__main__":
    main()
