"""When it was detected, when the answer changed, when clients knew, when they were served."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence

from infctl.judge.evidence import Evidence, Moments
from infctl.judge.quantiles import quantile
from infctl.model.health_check import HEALTHY_SHARE
from infctl.ports.load import RequestRecord


def find_moments(evidence: Evidence) -> Moments:
    """All moments; later ones never come before earlier ones, and none after the recovery."""
    recovered = find_recovered(evidence)
    end = evidence.until if recovered is None else recovered
    detected = _at_most(find_detected(evidence), end)
    changed = _at_most(find_changed(evidence, detected, end), end)
    propagated = _at_most(find_propagated(evidence, changed, end), end)
    return Moments(evidence.fault_at, detected, changed, propagated, recovered)


def is_bad(request: RequestRecord, lost: frozenset[str]) -> bool:
    """Not served, or served by the region that has to be left."""
    return not request.ok or request.address in lost


def find_recovered(evidence: Evidence) -> float | None:
    """The first moment from which clients are served and stay so for the settling window.

    At that moment the last request of every client was good, and of those that run in the `settle`
    seconds after it (or three times as long as a client waits between two requests, if that is
    longer) none is bad, every client has a good one, and their p99 is within the ceiling.
    Bad is what failed and what went to the lost region. So it is the moment when the last client
    got its first good answer after its last bad one, if latency had settled by then.
    """
    after = sorted(
        (r for r in evidence.requests if evidence.fault_at < r.ended <= evidence.until),
        key=lambda r: r.ended,
    )
    if not after:
        return None
    clients = {r.client for r in evidence.requests if r.ended <= evidence.until}
    window = max(evidence.terms.settle, 3 * _pace(evidence))
    ends = [r.ended for r in after]
    for moment in _candidates(evidence, after):
        if moment + window > ends[-1]:
            return None
        position = bisect_right(ends, moment)
        last = {r.client: r for r in after[:position]}
        running = [r for r in after[position:] if r.started <= moment + window]
        if _is_settled(evidence, last.values(), running, clients):
            return moment
    return None


def find_detected(evidence: Evidence) -> float | None:
    """When the checkers' words first took the region out of the answers: the deciding probe."""
    words: dict[str, dict[str, bool]] = defaultdict(dict)
    for name, word in sorted(evidence.observations, key=lambda pair: pair[1].at):
        said = words[name]
        before = _is_healthy(name, said, evidence)
        said[word.checker] = word.healthy
        turned = before is not False and _is_healthy(name, said, evidence) is False
        if turned and evidence.fault_at <= word.at <= evidence.until:
            return word.at
    return None


def find_changed(evidence: Evidence, detected: float | None, end: float) -> float | None:
    """The first answer after the last one that still held a lost address, polled or a client's."""
    found = [*evidence.answers, *((r.at, r.addresses) for r in evidence.resolutions)]
    seen = sorted((at, a) for at, a in found if a and evidence.fault_at <= at <= end)
    with_lost = [at for at, addresses in seen if evidence.lost & set(addresses)]
    last = max([*with_lost, detected or evidence.fault_at])
    return next((at for at, _ in seen if at > last), None)


def find_propagated(evidence: Evidence, changed: float | None, end: float) -> float | None:
    """When the last client that held a lost address got an answer without it."""
    holding: dict[str, bool] = {}
    moved = changed
    for resolution in sorted(evidence.resolutions, key=lambda r: r.at):
        if resolution.at > end or not resolution.addresses:
            continue
        holds = bool(evidence.lost & set(resolution.addresses))
        if holding.get(resolution.client) and not holds and resolution.at >= evidence.fault_at:
            moved = max(resolution.at, moved or resolution.at)
        holding[resolution.client] = holds
    return moved


def longest_ttl_left(evidence: Evidence, moment: float) -> float:
    """Of all answers with a lost address that clients hold at `moment`, the longest time left."""
    held = {}
    for resolution in sorted(evidence.resolutions, key=lambda r: r.at):
        if resolution.at <= moment and resolution.addresses:
            held[resolution.client] = resolution
    left = [r.at + r.ttl - moment for r in held.values() if evidence.lost & set(r.addresses)]
    return max([0.0, *left])


def _candidates(evidence: Evidence, after: Sequence[RequestRecord]) -> list[float]:
    """Only where something bad or slow ended can a good stretch begin."""
    found = {evidence.fault_at}
    was_bad: dict[str, bool] = {}
    for request in after:
        bad = is_bad(request, evidence.lost)
        slow = request.ended - request.started > evidence.terms.ceiling
        if slow or (was_bad.get(request.client) and not bad):
            found.add(request.ended)
        was_bad[request.client] = bad
    return sorted(found)


def _is_settled(
    evidence: Evidence,
    last: Iterable[RequestRecord],
    running: Sequence[RequestRecord],
    clients: set[str],
) -> bool:
    if any(is_bad(r, evidence.lost) for r in (*running, *last)):
        return False
    if {r.client for r in running} != clients:
        return False
    p99 = quantile((r.ended - r.started for r in running), 0.99)
    return p99 is not None and p99 <= evidence.terms.ceiling


def _pace(evidence: Evidence) -> float:
    """Seconds between two requests of one client before the fault, in the mean; 0.0 if unknown."""
    before = [r for r in evidence.requests if r.ended <= evidence.fault_at]
    gaps = len(before) - len({r.client for r in before})
    if gaps <= 0:
        return 0.0
    first: dict[str, float] = {}
    spent = 0.0
    for request in sorted(before, key=lambda r: r.ended):
        spent += request.ended - first.get(request.client, request.ended)
        first[request.client] = request.ended
    return spent / gaps


def _is_healthy(name: str, said: dict[str, bool], evidence: Evidence) -> bool | None:
    if not said:
        return None
    healthy = sum(said.values()) / len(said) > HEALTHY_SHARE
    return healthy != (name in evidence.inverted)


def _at_most(moment: float | None, end: float) -> float | None:
    return None if moment is None else min(moment, end)
