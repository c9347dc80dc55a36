"""Sends again when an answer is lost, without looking at what is there."""

from typing import Any

from spoiled_parts import machine_with

from infctl.engine.step import _Attempt
from infctl.simulator.engine import Engine

FAULTS = ("partition_all", "reply_lost", "request_lost")


class Attempt(_Attempt):
    async def _as_before(self, before: Any) -> bool:
        return True


ENGINE = Engine(machine=machine_with(Attempt))
