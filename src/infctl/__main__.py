"""The entry point: `infctl` and `python -m infctl`."""

import sys

from infctl.commands import completing


def main() -> None:
    """Run the command line and leave with its exit code; a shell that completes asks less."""
    if completing.run():
        return
    from infctl.commands import run

    sys.exit(run.run(sys.argv[1:]))


if __name__ == "__main__":
    main()
