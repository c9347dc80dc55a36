"""One reading with a deadline: a value with time and source, or the reason why there is none."""

import asyncio
import time
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from infctl.errors import InfctlError
from infctl.model.measured import Measured, unknown
from infctl.model.question import Question

T = TypeVar("T")


def measure(
    question: Awaitable[T | None], source: str, deadline: float
) -> Coroutine[Any, Any, Measured[T]]:
    """Ask, for at most `deadline` seconds; never raises for an answer that does not come."""
    return _measure(Question(question), source, deadline)


async def _measure(question: Question[T | None], source: str, deadline: float) -> Measured[T]:
    try:
        value = await asyncio.wait_for(question, deadline)
    except TimeoutError:
        return unknown(source, time.time(), f"no answer within {deadline:g} s")
    except InfctlError as error:
        return unknown(source, time.time(), error.what)
    if value is None:
        return unknown(source, time.time(), "no data")
    return Measured(value, time.time(), source)
