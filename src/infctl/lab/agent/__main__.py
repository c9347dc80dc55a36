"""`python -m infctl.lab.agent --state STATE --region NAME`."""

import os
from pathlib import Path

from infctl.lab import regional, spec
from infctl.lab.agent.agent import serve
from infctl.lab.agent.host import FindImage


def run(state: Path, name: str, find_image: FindImage) -> None:
    """Be a region's agent until SIGTERM."""
    os.umask(0o077)
    lab = spec.load(state)
    regional.run_until_told(serve(lab, lab.region(name), find_image))


def main() -> None:
    """Read the words on the command line and serve."""
    from infctl.lab.images import table

    os.umask(0o077)
    regional.run_program("infctl.lab.agent", lambda lab, region: serve(lab, region, table.find))


if __name__ == "__main__":
    main()
