"""Whether enough people approved a run's plan: a pure judgement over what API servers hold.

Each decision is an immutable ConfigMap in infctl-system, whose author an admission policy pins. It
names the plan's digest, the run, the step and the uid that the API server gave to the request, so
that it counts for nothing else; its age is that which the API server gave it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infctl.engine.handler import not_yet, passed
from infctl.engine.identity import canonical
from infctl.model.outcome import Outcome, Word
from infctl.model.text import clean

LABEL = "infctl.dev/approval"
REQUEST, DECISION = "request", "decision"
EXPIRY = 900.0
"""Seconds that a request waits, and that a decision counts."""
_SKEW = 60.0
"""Seconds that an API server's clock may be ahead of ours."""
_FIELDS = frozenset({"run", "step", "plan", "request", "by", "decision", "reason"})


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked: `needed` different persons, within `expires` seconds of `asked` (epoch).

    `people` says which person an account belongs to; where it is empty anybody may decide and
    every account is a person. `requesters` are the accounts of whoever asks, who may not. `uids`
    are the requests as the API servers made them.
    """

    run: str
    step: str
    plan: str
    needed: int
    requesters: tuple[str, ...]
    asked: float
    uids: frozenset[str]
    people: Mapping[str, str] = field(default_factory=dict)
    expires: float = EXPIRY

    def person(self, account: str) -> str | None:
        """Whose account it is; None for somebody who was not asked."""
        wanted = canonical(account)
        found = {canonical(a): canonical(p) for a, p in self.people.items()}
        return found.get(wanted) if found else wanted


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision that is meant for this request; `problem` says why it does not count."""

    by: str
    is_deny: bool
    reason: str
    person: str | None = None
    problem: str = ""


def approvals(objects: Sequence[Mapping[str, Any]], demand: Demand, now: float) -> Outcome:
    """Passed with enough approvals; failed by one denial or too late; otherwise inconclusive."""
    found = [d for o in objects if (d := read_decision(o, demand, now)) is not None]
    denials = [d for d in found if d.is_deny]
    if denials:
        first = denials[0]
        return not_yet(f"denied by {first.by}: {first.reason or 'no reason given'}")
    good = {d.person: d for d in found if not d.problem and d.person}
    notes = tuple(sorted({f"{d.by} does not count: {d.problem}" for d in found if d.problem}))
    if len(good) >= demand.needed:
        names = ", ".join(sorted(d.by for d in good.values()))
        return passed(f"approved by {names}", *notes)
    sentence = f"{len(good)} of {demand.needed} approvals"
    if now > demand.asked + demand.expires:
        return not_yet(f"expired after {demand.expires:g} s with {sentence}", *notes)
    return Outcome(Word.INCONCLUSIVE, (sentence, *notes))


def read_decision(found: Mapping[str, Any], demand: Demand, now: float) -> Decided | None:
    """A decision, with what is wrong with it; None where it is none on this step of this run.

    A denial needs no more than to be meant for the run: who says no is listened to.
    """
    metadata = found.get("metadata")
    data = found.get("data")
    if not isinstance(metadata, Mapping) or not isinstance(data, Mapping):
        return None
    labels = metadata.get("labels")
    if not isinstance(labels, Mapping) or labels.get(LABEL) != DECISION:
        return None
    texts = {str(k): v for k, v in data.items() if isinstance(v, str)}
    if (texts.get("run"), texts.get("step")) != (demand.run, demand.step):
        return None
    by, reason = clean(texts.get("by", ""), limit=200), clean(texts.get("reason", ""), limit=500)
    if texts.get("decision") == "deny":
        return Decided(by, True, reason)
    person = demand.person(texts.get("by", ""))
    problem = _stranger(texts, demand, person) or _problem_of(found, texts, demand, now)
    return Decided(by, False, reason, person, problem)


def _problem_of(
    found: Mapping[str, Any], texts: Mapping[str, str], demand: Demand, now: float
) -> str:
    if texts.get("decision") != "approve" or set(found["data"]) != _FIELDS or len(texts) != 7:
        return "it is no decision of this infctl"
    if found.get("immutable") is not True:
        return "it can be changed afterwards"
    if texts["plan"] != demand.plan:
        return "it is of another plan"
    if texts["request"] not in demand.uids:
        return "it is of another request"
    made = created(found["metadata"])
    if made is None or made > now + _SKEW:
        return "when it was made is not known"
    if made < demand.asked - _SKEW:
        return "it is older than the request"
    if now - made > demand.expires:
        return f"it is older than {demand.expires:g} s"
    return ""


def _stranger(texts: Mapping[str, str], demand: Demand, person: str | None) -> str:
    if not canonical(texts.get("by", "")):
        return "it names nobody"
    if person is None:
        return "nobody asked them"
    if person in {canonical(demand.person(r) or r) for r in demand.requesters}:
        return "who asks cannot approve"
    # A requester's account counts as such also where the list gives it to somebody else.
    if canonical(texts["by"]) in {canonical(r) for r in demand.requesters}:
        return "who asks cannot approve"
    return ""


def created(metadata: Mapping[str, Any]) -> float | None:
    """When an object was made, by its API server's clock, in seconds since the epoch."""
    text = metadata.get("creationTimestamp")
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo is not None else None
