"""Ways to spoil a victim on purpose: a trial that finds nothing in these proves nothing.

Nothing but a victim can be spoiled: the product has no setting for any of this.
"""

import sqlite3
from enum import StrEnum
from functools import partial
from typing import Any

from infctl.engine.handler import Args, Context, not_yet
from infctl.engine.operations.scale_deployment import ScaleDeployment
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import DEPLOYMENT


class Weakness(StrEnum):
    """What is spoiled: nothing; the journal's syncs; the look after a crash; intent before act."""

    NONE = ""
    NORMAL = "normal"
    BLIND = "blind"
    HASTY = "hasty"


class Normal(sqlite3.Connection):
    """A connection that stays at synchronous=NORMAL and claims to be at FULL."""

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        """Run one statement, but for the two about the level."""
        words = "".join(sql.lower().split())
        if words == "pragmasynchronous=full":
            return super().execute("PRAGMA synchronous=NORMAL")
        if words == "pragmasynchronous":
            return super().execute("SELECT 2")
        return super().execute(sql, *args)


def spoil(weakness: Weakness) -> None:
    """Spoil this process."""
    if weakness is Weakness.NORMAL:
        sqlite3.connect = partial(sqlite3.connect, factory=Normal)  # type: ignore[assignment]
    if weakness is Weakness.BLIND:
        ScaleDeployment.observe = _see_nothing  # type: ignore[method-assign]
        ScaleDeployment.apply = _send_unseen  # type: ignore[method-assign]
        ScaleDeployment.whole = _know_nothing  # type: ignore[method-assign, assignment]
    if weakness is Weakness.HASTY:
        ScaleDeployment.observe = _act_while_looking  # type: ignore[method-assign]


def checkpoint_often(pages: int) -> None:
    """Let SQLite move the log into the database every few pages, as long runs do."""
    connect = sqlite3.connect

    def often(*args: Any, **rest: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **rest)
        connection.execute(f"PRAGMA wal_autocheckpoint={pages}")
        return connection

    sqlite3.connect = often  # type: ignore[assignment]


_TWO = {"uid": "", "replicas": 2}


async def _see_nothing(self: ScaleDeployment, context: Context, args: Args) -> Any:
    del self, context, args
    return _TWO


async def _send_unseen(
    self: ScaleDeployment, context: Context, operation: Operation, key: str
) -> Any:
    del self, key
    args = operation.args
    patch = {"spec": {"replicas": args["replicas"]}}
    cluster = context.world.clusters[args["region"]]
    await cluster.merge(DEPLOYMENT, args["name"], args["namespace"], patch)
    return {}


async def _know_nothing(self: ScaleDeployment, context: Context, operation: Operation) -> Outcome:
    del self, context, operation
    return not_yet()


async def _act_while_looking(self: ScaleDeployment, context: Context, args: Args) -> Any:
    await self.apply(context, Operation(self.kind, args), "")
    return _TWO
