"""`python -m infctl.lab.traces --state STATE`: the trace store."""

import argparse
import logging
from pathlib import Path

from aiohttp import web

from infctl.lab import addresses, spec
from infctl.lab.traces.parts import folder_of
from infctl.lab.traces.server import make_application
from infctl.lab.traces.store import TraceStore


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="infctl.lab.traces")
    parser.add_argument("--state", type=Path, required=True)
    lab = spec.load(parser.parse_args().state)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    application = make_application(TraceStore(folder_of(lab)))
    web.run_app(
        application,
        host=lab.shared("traces"),
        port=addresses.TRACES_PORT,
        access_log=None,
        print=None,
    )


if __name__ == "__main__":
    main()
