"""python -m infctl.executor RUN_FOLDER: carries one run to its end. Started by `launch`."""

import asyncio
import logging
import os
import sys
from pathlib import Path

from infctl.clients.clock import SystemClock
from infctl.errors import Exit, InfctlError
from infctl.executor.control import decode
from infctl.executor.execution import execute
from infctl.executor.log import CappedLog
from infctl.executor.order import read_order

_LONGEST = 64 * 1024
_log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Run one order; its log is stderr."""
    os.umask(0o077)
    handler = CappedLog(Path(arguments[0] if arguments else "/"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    if len(arguments) != 1:
        _log.error("usage: python -m infctl.executor RUN_FOLDER")
        return int(Exit.USAGE)
    from infctl.wiring import open_world

    folder = Path(arguments[0])
    try:
        order, first = read_order(folder), decode(sys.stdin.buffer.read(_LONGEST))
        code = asyncio.run(execute(folder, order, open_world, SystemClock(), first))
    except InfctlError as error:
        _log.error("%s", error.what)
        return int(error.exit_code)
    except Exception:
        _log.exception("a bug in infctl")
        return int(Exit.BUG)
    _log.info("ended with %d", code)
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
