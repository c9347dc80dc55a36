"""A toy executor whose world outlives it: every effect is a line in the file $TOY_WORLD."""

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from toy_executor import FastClock, _slow_lease
from toy_world import Toy

from infctl.executor.control import decode
from infctl.executor.execution import execute
from infctl.executor.order import read_order

PACE = float(os.environ.get("TOY_PACE", "2"))
"""Seconds of the toy's fast time that pods need until they are ready."""


class Readiness(dict[str, int]):
    """Pods are ready a while after the last change."""

    def __init__(self, toy: "LastingToy") -> None:
        self.toy = toy

    def get(self, region: str, count: Any = 0) -> Any:
        is_late = self.toy.clock.boottime() - self.toy.changed_at.get(region, 0.0) >= PACE
        return count if is_late else 0


class LastingToy(Toy):
    """What was changed is in the file before the answer is."""

    def __init__(self, clock: FastClock, path: Path) -> None:
        super().__init__(clock=clock)
        self.path = path
        self.ready = Readiness(self)
        for line in path.read_text().splitlines() if path.exists() else ():
            _, region, count = line.split()
            self.replicas[region] = int(count)

    def change(self, what: str, region: str = "") -> None:
        super().change(what, region)
        self.changed_at[what.split()[1]] = self.clock.boottime()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, f"{what}\n".encode())
        os.close(descriptor)


def main(folder: Path) -> int:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    _slow_lease()
    clock = FastClock()
    clock.boottime()
    toy = LastingToy(clock, Path(os.environ["TOY_WORLD"]))
    order, first = read_order(folder), decode(sys.stdin.buffer.read())
    return asyncio.run(execute(folder, order, lambda *_: toy.world(), clock, first))


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
