"""Who runs the clients: this process alone, or a Locust master with workers on loopback."""

import signal
import time
from pathlib import Path
from typing import Any

from infctl.content.load_order import MASTER, WORKER, Order

LOOPBACK = "127.0.0.1"
LOOK_SECONDS = 1.0
MEETING_SECONDS = 15.0
_STOPPED = "stopped"


def make_runner(order: Order, environment: Any) -> Any:
    """The runner of this process's role; a worker waits for its master, TimeoutError without."""
    if order.role == MASTER:
        runner = environment.create_master_runner(LOOPBACK, 0)
        meeting = Path(order.meeting)
        temporary = meeting.with_suffix(".new")
        temporary.write_text(str(runner.server.port))
        temporary.replace(meeting)
        return runner
    if order.role == WORKER:
        return environment.create_worker_runner(LOOPBACK, _meet(Path(order.meeting)))
    return environment.create_local_runner()


def _meet(meeting: Path) -> int:
    deadline = time.monotonic() + MEETING_SECONDS
    while not meeting.exists():
        if time.monotonic() > deadline:
            raise TimeoutError("the load's master did not start")
        time.sleep(0.05)
    return int(meeting.read_text())


def start(order: Order, runner: Any) -> None:
    """Start the clients, all at once: each waits for its own turn; a worker is told by its master.

    Workers get equally many, so the rest of the division are clients that never send.
    """
    if order.role == WORKER:
        return
    users = -(-order.users // order.workers) * order.workers
    if order.role == MASTER:
        deadline = time.monotonic() + MEETING_SECONDS
        while runner.clients.ready is None or len(runner.clients.ready) < order.workers:
            if time.monotonic() > deadline:
                raise TimeoutError("the load's workers did not start")
            time.sleep(0.05)
    runner.start(users, spawn_rate=users)


def number_of(order: Order, runner: Any, count: int) -> int:
    """Which of all clients this process's next one is, where it has `count` already."""
    if order.role == WORKER:
        return int(runner.worker_index) + count * order.workers
    return count


def wait_for_the_end(order: Order, runner: Any, gevent: Any) -> None:
    """Until SIGTERM or SIGINT, until the time is over, or until nobody renewed the lease."""
    from gevent.event import Event

    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, ended.set)
    end = time.monotonic() + order.seconds if order.seconds else float("inf")
    while not ended.wait(LOOK_SECONDS):
        # A worker whose master is gone was stopped by Locust.
        is_stopped = order.role == WORKER and runner.state == _STOPPED
        is_late = time.monotonic() >= end
        if is_stopped or is_late or lease_age(Path(order.lease)) > order.lease_seconds:
            return


def lease_age(lease: Path) -> float:
    """Seconds since the lease was touched; a lease that is gone is out."""
    try:
        return time.time() - lease.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
