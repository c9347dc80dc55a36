"""What a run that breaks the glass says of itself before its first act. Pure."""

from dataclasses import replace

from infctl.engine.guards import ALWAYS, UNKNOWN, overrides
from infctl.executor.exclusive import LOCK
from infctl.executor.order import Order
from infctl.model.alarm import Alarm
from infctl.model.outcome import Word
from infctl.model.plan import GuardResult
from infctl.model.run import RunView

_LOCK = "the lock is taken without a majority of its places"


def alarm_of(order: Order, results: tuple[GuardResult, ...], at: float) -> Alarm | None:
    """The alarm of an order, with what stood in the way; None where it overrides nothing.

    An override that was asked for and not needed is one as well: asking for it each time is the
    habit that the alarm is there to show.
    """
    named = frozenset(order.overridden) - (ALWAYS - UNKNOWN)
    if not named:
        return None
    reason = str(order.plan.parameters.get("reason", ""))
    evidence = overrides(results, named, reason)
    bad = {r.guard for r in results if r.outcome.word is not Word.PASSED}
    idle = sorted(named - bad - {LOCK})
    evidence += [f"guard {name} was overridden without need: {reason}" for name in idle]
    if LOCK in named:
        evidence.append(f"{_LOCK}: {reason}")
    return Alarm(
        run=order.run,
        environment=order.environment,
        what=order.plan.summary,
        guards=tuple(sorted(named)),
        reason=reason,
        by=order.actor,
        at=at,
        evidence=tuple(evidence),
    )


def alarm_again(order: Order, view: RunView) -> Alarm | None:
    """The alarm of a run that is carried on, as its journal tells it."""
    alarm = alarm_of(order, (), view.started or 0.0)
    if alarm is None:
        return None
    said = tuple(note for note in view.notes if "was overridden" in note or note.startswith(_LOCK))
    return replace(alarm, evidence=said or ("what stood in the way is not in its journal",))
