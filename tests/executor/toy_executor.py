"""An executor over the toy world in real time: python toy_executor.py RUN_FOLDER."""

import asyncio
import logging
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from toy_world import Toy, ToyClock

from infctl.executor.execution import execute
from infctl.executor.order import read_order


class RealClock(ToyClock):
    """Time as it passes, five times as fast."""

    def wall(self) -> float:
        return time.time()

    def boottime(self) -> float:
        self.now = time.clock_gettime(time.CLOCK_BOOTTIME)
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 5)
        self.boottime()


def main(folder: Path) -> int:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    clock = RealClock()
    clock.boottime()
    toy = Toy(clock=clock)
    return asyncio.run(execute(folder, read_order(folder), lambda *_: toy.world(), clock))


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
