"""Whether this infctl may carry on what another one began: pure, said as differences."""

from collections.abc import Sequence

from infctl.engine.operations import find
from infctl.errors import InfctlError
from infctl.model.journal import VERSION, Kind, Record
from infctl.model.plan import Plan, Step, from_json

ENGINE = Plan("", "", "", ()).engine
"""The step protocol's number in plans of this release."""


def differences(plan: Plan, journal: Sequence[Record]) -> tuple[str, ...]:
    """What differs between the plan as this infctl reads it and the journal; nothing: go on.

    A digest, an engine's number, an operation's kind or version that are not the same.
    """
    found = [*_of_plan(plan), *(p for step in plan.steps if (p := _of_step(step)))]
    for record in journal:
        found += _of_record(plan, record)
    return tuple(dict.fromkeys(found))


def _of_plan(plan: Plan) -> list[str]:
    if plan.engine == ENGINE:
        return []
    return [f"engine: the plan is for {plan.engine}, this infctl has {ENGINE}"]


def _of_step(step: Step) -> str:
    operation = step.operation
    try:
        find(operation.kind, operation.version).check(operation.args)
    except InfctlError as error:
        return f"step {step.id}: {error.what}"
    return ""


def _of_record(plan: Plan, record: Record) -> list[str]:
    if record.v != VERSION:
        return [f"record {record.seq}: version {record.v}, this infctl writes {VERSION}"]
    if record.kind == Kind.PLAN:
        return _of_plan_record(plan, record)
    said = []
    if record.plan_digest != plan.digest:
        said = [f"plan: digest {record.plan_digest[:12]} in the journal, {plan.digest[:12]} here"]
    return [*said, *(_of_intent(plan, record) if record.kind == Kind.INTENT else [])]


def _of_plan_record(plan: Plan, record: Record) -> list[str]:
    """The steps that are not as the journal's plan has them, one by one."""
    try:
        begun = from_json(record.args)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return [f"plan: the journal's cannot be read: {type(error).__name__}"]
    if begun.digest == plan.digest == record.plan_digest:
        return []
    said = [f"plan: digest {record.plan_digest[:12]} in the journal, {plan.digest[:12]} here"]
    before, now = ({s.id: s.operation for s in p.steps} for p in (begun, plan))
    for step in sorted(before.keys() | now.keys()):
        if before.get(step) != now.get(step):
            was, wanted = before.get(step), now.get(step)
            said.append(f"step {step}: {_words(was)} in the journal, {_words(wanted)} here")
    return said


def _of_intent(plan: Plan, record: Record) -> list[str]:
    step = next((s for s in plan.steps if s.id == record.step), None)
    if step is None:
        return [f"step {record.step}: begun in the journal, not in the plan"]
    did = record.args if isinstance(record.args, dict) else {}
    was = (did.get("kind"), did.get("version"))
    now = (step.operation.kind, step.operation.version)
    if was == now:
        return []
    return [f"step {step.id}: begun as {was[0]} {was[1]}, the plan says {now[0]} {now[1]}"]


def _words(operation: object) -> str:
    if operation is None:
        return "absent"
    kind, version = getattr(operation, "kind", "?"), getattr(operation, "version", "?")
    return f"{kind} {version}"
