"""`python -m infctl.executor.load --request FILE`: one process of clients, put together."""

import argparse
from pathlib import Path


def main() -> None:
    """Patch for gevent before anything else is imported, then run clients until SIGTERM."""
    from gevent import monkey

    monkey.patch_all()

    from infctl.clients.resolver_sync import resolve
    from infctl.content.load_order import read_order
    from infctl.drills.load.locustfile import run

    parser = argparse.ArgumentParser(prog="infctl.executor.load")
    parser.add_argument("--request", type=Path, required=True)
    order = read_order(parser.parse_args().request)
    server = (order.resolver_address, order.resolver_port)
    run(order, lambda name, subnet: resolve(name, *server, subnet))


if __name__ == "__main__":
    main()
