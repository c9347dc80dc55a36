"""Objects that a run removed and, taking that back, made anew: others by uid, the same by proof.

Steps before the removal know the former uid. The heir counts for the former object where this
run's own undo put it there, its stamp is on it, and nobody but infctl ever wrote to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from infctl.engine.handler import Context
from infctl.engine.manifests import kind_of
from infctl.engine.objects import read_object
from infctl.engine.operations import remove_object
from infctl.engine.writers import last_run, others_beyond_metadata
from infctl.model.plan import Operation
from infctl.model.run import StepState, StepView


@dataclass(frozen=True, slots=True)
class Heir:
    """The object that stands in the place of the one that had the `former` uid."""

    former: str
    uid: str

    def as_former(self, now: Any) -> Any:
        """What was read of it, under the uid that steps before the removal know."""
        is_it = isinstance(now, Mapping) and now.get("uid") == self.uid
        return {**now, "uid": self.former} if is_it else now

    def inherit(self, undo: Operation) -> Operation:
        """An undo of the former object, aimed at the heir."""
        if undo.args.get("uid") != self.former:
            return undo
        return replace(undo, args={**undo.args, "uid": self.uid})


async def heir_of(context: Context, seen: StepView) -> Heir | None:
    """The heir of the object that a step acted on; None where it is that object, or not proven."""
    former = _uid(seen.before)
    removal = _removal(context, seen, former) if former else None
    if removal is None or former is None:
        return None
    found = await read_object(context, removal.args, kind_of(removal.args))
    if found is None or found["metadata"]["uid"] == former:
        return None
    metadata = found["metadata"]
    is_ours = last_run(metadata) == context.run and not others_beyond_metadata(metadata)
    return Heir(former, str(metadata["uid"])) if is_ours else None


def _removal(context: Context, seen: StepView, uid: str) -> Operation | None:
    """The act of this run that ended the object, and was taken back since or is now."""
    view = context.view()
    if view.plan is None:
        return None
    for step, other in zip(view.plan.steps, view.steps, strict=True):
        is_taken_back = other.state is StepState.UNDONE or other.id == seen.id
        is_removal = step.operation.kind == remove_object.KIND and _uid(other.before) == uid
        if is_removal and is_taken_back:
            return step.operation
    return None


def _uid(before: Any) -> str | None:
    found = before.get("uid") if isinstance(before, Mapping) else None
    return found if isinstance(found, str) else None
