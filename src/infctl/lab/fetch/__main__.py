"""`python -m infctl.lab.fetch`: get what the lab's control planes and metrics need."""

import sys

from infctl.lab.errors import LabError
from infctl.lab.fetch.provide import ensure


def main() -> int:
    """Progress goes to stderr; 1 where something could not be had."""
    try:
        ensure(lambda text: print(text, file=sys.stderr, flush=True))
    except LabError as error:
        print(f"{error.what}\nnext: {error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
