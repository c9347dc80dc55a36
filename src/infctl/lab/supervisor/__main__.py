"""`python -m infctl.lab.supervisor --state STATE`."""

import argparse
from pathlib import Path

from infctl.lab.supervisor.assembly import assemble
from infctl.lab.supervisor.service import run


def main() -> None:
    """Read the words on the command line and be the supervisor."""
    parser = argparse.ArgumentParser(prog="infctl.lab.supervisor")
    parser.add_argument("--state", type=Path, required=True)
    run(parser.parse_args().state, assemble)


if __name__ == "__main__":
    main()
