"""What calls and programs outside of the platform share: reading back, and taking back, as data."""

from abc import abstractmethod
from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, blind, not_yet, passed
from infctl.engine.own_step import digest_of
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.model.text import clean

SHOWN = 2000
"""Characters of an answer that are kept in the journal."""


class Order(Handler):
    """Something that others carry out, once, and that a plan says how to look at and take back.

    `read_back` shows the effect, and must not hold before. Without it nobody can know what became
    of an order whose answer was lost: it is never sent again unseen, and a person settles it.
    """

    @abstractmethod
    def check_order(self, args: Args, more: dict[str, arguments.Rule]) -> None:
        """Hold one order to its rules, of which `more` are optional."""

    @abstractmethod
    def words(self, args: Args) -> str:
        """The order in a few words."""

    @abstractmethod
    async def is_there(self, context: Context, args: Args) -> bool:
        """Whether `read_back` shows the effect."""

    def check(self, args: Args) -> None:
        """The order, and the one that takes it back."""
        self.check_order(args, {"undo": arguments.json_mapping})
        if "undo" in args:
            self.check_order(args["undo"], {})

    def reverses(self, args: Args) -> bool:
        """Where the plan says how."""
        return "undo" in args

    async def observe(self, context: Context, args: Args) -> Any:
        """Whether the effect is there already.

        Without a look the journal's length: no later one equals it, since an intent stands between.
        """
        if "read_back" not in args:
            return {"records": context.view().seq}
        return {"there": await self.is_there(context, args)}

    def undo(self, before: Any, args: Args) -> Operation | None:
        """The order that the plan gives, where the effect was not there before."""
        if "undo" not in args or before.get("there"):
            return None
        return Operation(self.kind, dict(args["undo"]), region=args.get("region"))

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """The effect, read back; without a way to look, that an expected answer came."""
        args = operation.args
        words = self.words(args)
        if "read_back" in args:
            is_there = await self.is_there(context, args)
            return passed(f"{words}: it shows") if is_there else not_yet(f"{words}: nothing shows")
        answer = context.memory.get(self._memory(args))
        if answer is None:
            return blind(f"what became of {words} is not known, and the plan names no read_back")
        return passed(f"{words}: {answer}; nothing was read back")

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Where nothing can be read back, nobody can have seen a change."""
        if "read_back" in operation.args:
            return await self.verify(context, operation)
        return passed("nothing can be read back")

    def remember(self, context: Context, args: Args, answer: int) -> None:
        """Keep in this process that an order was carried out: nobody else can know."""
        context.memory[self._memory(args)] = answer

    def _memory(self, args: Args) -> str:
        return f"{self.kind}/{digest_of(self.kind, args)}"


def shown(text: str) -> str:
    """An answer as it may stand in the journal."""
    return clean(text, limit=SHOWN, newlines=True)
