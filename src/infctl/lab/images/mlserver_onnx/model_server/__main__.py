"""Start: read the environment, get and check the artifacts, then serve."""

import os
import sys

from .artifact import ArtifactError
from .configuration import ConfigurationError, read_configuration


def main() -> int:
    """The exit code is one of sysexits.h, with one line on stderr that says why."""
    if sys.argv[1:] == ["--check"]:
        return _check()
    try:
        configuration = read_configuration(os.environ)
    except ConfigurationError as error:
        return _refuse(os.EX_CONFIG, str(error))
    from .loading import fetch_all, serve_all
    from .store import StoreError

    try:
        serve_all(configuration, fetch_all(configuration, os.environ))
    except StoreError as error:
        return _refuse(os.EX_UNAVAILABLE, str(error))
    except ArtifactError as error:
        return _refuse(os.EX_DATAERR, str(error))
    return 0


def _check() -> int:
    """Import all that serving imports: a build tries this once."""
    from . import lean

    lean.leave_out()
    from . import loading, server

    print(f"{loading.__name__} and {server.__name__} can be imported")
    return 0


def _refuse(code: int, text: str) -> int:
    print(f"model server: {' '.join(text.split())}; nothing is served", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
