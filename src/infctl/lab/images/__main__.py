"""`python -m infctl.lab.images build|list`: build what images need, or show the table."""

import sys
from collections.abc import Sequence

from infctl.lab.errors import LabError
from infctl.lab.images import table
from infctl.lab.images.build import ensure

_USAGE = 2


def main(words: Sequence[str]) -> int:
    """Progress goes to stderr, the table to stdout; 1 where something could not be built."""
    if list(words) == ["build"]:
        return _build()
    if list(words) == ["list"]:
        for entry in table.read_entries():
            image = table.image_of(entry)
            print(image.reference, image.missing() or "ready", sep="\t")
        return 0
    print("usage: python -m infctl.lab.images build|list", file=sys.stderr)
    return _USAGE


def _build() -> int:
    try:
        ensure(lambda text: print(text, file=sys.stderr, flush=True))
    except LabError as error:
        print(f"{error.what}\nnext: {error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
