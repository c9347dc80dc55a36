"""`python -m infctl.lab.identity --state STATE`."""

import argparse
import asyncio
import logging
import signal
import ssl
import sys
from pathlib import Path

from aiohttp import web

from infctl.lab import addresses, spec
from infctl.lab.errors import LabError
from infctl.lab.identity.office import Office, open_office
from infctl.lab.identity.parts import CERTIFICATE
from infctl.lab.identity.web import build

log = logging.getLogger(__name__)


async def serve(lab: spec.Lab, office: Office) -> None:
    """Answer until SIGTERM; on SIGHUP another key signs."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    loop.add_signal_handler(signal.SIGHUP, _rotate, office)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    pki = lab.ca.parent
    context.load_cert_chain(pki / f"{CERTIFICATE}.crt", pki / f"{CERTIFICATE}.key")
    runner = web.AppRunner(build(office), access_log=None)
    await runner.setup()
    host = lab.shared("identity")
    await web.TCPSite(runner, host, addresses.IDENTITY_PORT, ssl_context=context).start()
    await stop.wait()
    await runner.cleanup()


def _rotate(office: Office) -> None:
    office.keys.rotate(office.clock())
    log.info("another key signs from now on")


def main() -> None:
    """Read the words on the command line and serve."""
    parser = argparse.ArgumentParser(prog="infctl.lab.identity")
    parser.add_argument("--state", type=Path, required=True)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    lab = spec.load(given.state)
    try:
        office = open_office(lab)
    except LabError as error:
        log.error("%s; %s", error.what, error.hint)
        sys.exit(1)
    asyncio.run(serve(lab, office))


if __name__ == "__main__":
    main()
