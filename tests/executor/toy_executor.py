"""An executor over the toy world, in fast time: python toy_executor.py RUN_FOLDER."""

import asyncio
import functools
import logging
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from toy_world import Toy, ToyClock

from infctl.engine.locks import EnvironmentLock
from infctl.executor import exclusive
from infctl.executor.execution import execute
from infctl.executor.order import read_order

SPEED = 20
_BORN = time.time()


class FastClock(ToyClock):
    """Time that passes by itself, twenty times as fast."""

    def wall(self) -> float:
        return _BORN + (time.time() - _BORN) * SPEED

    def boottime(self) -> float:
        self.now = self.wall()
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)
        self.boottime()


def _slow_lease() -> None:
    """Leases run by the host's own seconds: a busy machine must not lose them to fast time."""
    vars(exclusive)["EnvironmentLock"] = functools.partial(
        EnvironmentLock, duration=15.0 * SPEED, renew_deadline=10.0 * SPEED
    )


def main(folder: Path) -> int:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    _slow_lease()
    clock = FastClock()
    clock.boottime()
    toy = Toy(clock=clock)
    order = read_order(folder)
    if order.plan.parameters.get("dark"):
        for region in ("us-east-1", "ap-south-1"):
            toy.objects[("eu-west-1", "vision-switches-eu-west-1", f"off/{region}")] = b"{}"
    return asyncio.run(execute(folder, order, lambda *_: toy.world(), clock))


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
