"""`python -m infctl.lab.cloud.moto_process --state STATE`: moto, without a log line a request.

With what moto lacks added to each service when it is first used (`additions`), and with the
services whose truth people build on served one request at a time.
"""

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from infctl.lab import addresses, spec
from infctl.lab.cloud import additions
from infctl.lab.cloud.additions.orderly import Orderly


def main() -> None:
    """Read the words on the command line and serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="infctl.lab.cloud.moto_process")
    parser.add_argument("--state", type=Path, required=True)
    lab = spec.load(parser.parse_args().state)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    os.environ.setdefault("MOTO_PORT", str(addresses.MOTO_PORT))
    _serve(lab)


def _serve(lab: spec.Lab) -> None:
    from moto.moto_server import werkzeug_app
    from werkzeug.serving import run_simple

    def create(service: Any) -> Any:
        additions.install(service, lab)
        return werkzeug_app.create_backend_app(service)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    run_simple(
        lab.shared("moto"),
        addresses.MOTO_PORT,
        Orderly(werkzeug_app.DomainDispatcherApplication(create)),
        threaded=True,
        request_handler=werkzeug_app.MotoRequestHandler,
    )


if __name__ == "__main__":
    main()
