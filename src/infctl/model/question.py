"""A question that may never be asked: who should have waited was cancelled before they began."""

import inspect
from collections.abc import Awaitable, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Question(Generic[T]):
    """An awaitable that is given away; a coroutine that nobody began is closed with it.

    Python complains otherwise, on the terminal of somebody in an emergency, about a coroutine that
    was never awaited: a deadline that passes in the very moment in which others are asked.
    """

    __slots__ = ("_asked",)

    def __init__(self, asked: Awaitable[T]) -> None:
        self._asked = asked

    def __await__(self) -> Generator[Any, Any, T]:
        # A generator of our own keeps us, and so the coroutine, until it is done.
        return (yield from self._asked.__await__())

    def __del__(self) -> None:
        asked = self._asked
        if inspect.iscoroutine(asked) and inspect.getcoroutinestate(asked) == "CORO_CREATED":
            asked.close()
