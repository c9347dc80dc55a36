"""Which step of the plan an operation is, for those that must know themselves again."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from infctl.engine.handler import Args, Context
from infctl.errors import Refused


def own_step(context: Context, kind: str, args: Args) -> str:
    """The id of the one step of this run that does just this; an empty text outside of a plan.

    Refused where two steps are alike: what is meant for one must not count for the other.
    """
    plan = context.view().plan
    steps = plan.steps if plan is not None else ()
    wanted = digest_of(kind, args)
    found = [s.id for s in steps if digest_of(s.operation.kind, s.operation.args) == wanted]
    if len(found) > 1:
        raise Refused(
            f"the steps {', '.join(found)} are alike, so none can know what is meant for it",
            hint="give each a text of its own",
        )
    return found[0] if found else ""


def digest_of(kind: str, args: Mapping[str, Any]) -> str:
    """A name for an operation in the run's scratch memory: equal ones have the same."""
    plain = json.dumps([kind, _plain(args)], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(plain.encode()).hexdigest()


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
