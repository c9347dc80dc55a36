"""`python -m infctl.lab.cloud.moto_process --state STATE`: moto, without a log line a request."""

import argparse
import logging
from pathlib import Path

from infctl.lab import addresses, spec


def main() -> None:
    """Read the words on the command line and serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="infctl.lab.cloud.moto_process")
    parser.add_argument("--state", type=Path, required=True)
    lab = spec.load(parser.parse_args().state)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    from moto.server import main as serve

    serve(["--host", lab.shared("moto"), "--port", str(addresses.MOTO_PORT)])


if __name__ == "__main__":
    main()
