"""What calls and programs outside of the platform share: reading back, and taking back, as data."""

from typing import Any

from infctl.engine.handler import Args, Context, blind
from infctl.engine.own_step import digest_of
from infctl.model.outcome import Outcome
from infctl.model.text import clean

SHOWN = 2000
"""Characters of an answer that are kept in the journal."""


def remember(context: Context, kind: str, args: Args, answer: Any) -> None:
    """Keep in this process that an order was carried out: nobody else can know."""
    context.memory[f"{kind}/{digest_of(kind, args)}"] = answer


def remembered(context: Context, kind: str, args: Args) -> Any:
    """What `remember` kept; None in a process that did not carry it out itself."""
    return context.memory.get(f"{kind}/{digest_of(kind, args)}")


def lost(what: str) -> Outcome:
    """Nobody saw an answer, and the plan names no way to look."""
    return blind(f"what became of {what} is not known, and the plan names no read_back")


def shown(text: str) -> str:
    """An answer as it may stand in the journal."""
    return clean(text, limit=SHOWN, newlines=True)


def never_again(context: Context) -> dict[str, int]:
    """A state from before that no later look equals: what was sent is not sent again unseen.

    The journal's length, since an intent at least stands between two looks.
    """
    return {"records": context.view().seq}
