"""The entry point: `infctl` and `python -m infctl`."""

import sys

from infctl.commands import run


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run.run(sys.argv[1:]))


if __name__ == "__main__":
    main()
