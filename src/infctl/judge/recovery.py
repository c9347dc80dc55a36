"""The recovery time of a drill: measured, split, compared to its floor, and judged."""

from collections import Counter
from collections.abc import Sequence

from infctl.judge.evidence import Evidence, Moments, Parts, Recovery
from infctl.judge.moments import find_moments, is_bad, longest_ttl_left
from infctl.judge.quantiles import quantile
from infctl.model.outcome import Outcome, Word
from infctl.ports.load import RequestRecord

MIN_REQUESTS = 30
"""With fewer requests after the fault a recovery time says nothing."""
BUSY_MEAN = 0.85
BUSY_PEAK = 0.95
PEAK_SECONDS = 5.0


def judge_recovery(evidence: Evidence) -> Recovery:
    """Measure and judge; `Evidence` says what is needed, `Recovery` what comes out."""
    moments = find_moments(evidence)
    end = evidence.until if moments.recovered is None else moments.recovered
    during = [r for r in evidence.requests if evidence.fault_at < r.ended <= end]
    failed = sum(not r.ok for r in during)
    took = [r.ended - r.started for r in during if r.ok]
    mean, peak = _busy(evidence, end)
    rto = None if moments.recovered is None else moments.recovered - evidence.fault_at
    return Recovery(
        outcome=_outcome(evidence, rto, mean, peak),
        moments=moments,
        bound=evidence.terms.bound,
        rto=rto,
        parts=_split(moments),
        floor=_floor(evidence, moments),
        requests=len(during),
        failed=failed,
        budget_burnt=_burnt(failed, len(during), evidence.terms.availability),
        p50=quantile(took, 0.5),
        p99=quantile(took, 0.99),
        host_mean=mean,
        host_peak=peak,
        shares=_shares(evidence, moments.recovered),
    )


def _split(moments: Moments) -> Parts | None:
    """Where a moment was not seen its part is counted with the one that follows."""
    if moments.recovered is None:
        return None
    found, last = [], moments.fault
    for moment in (moments.detected, moments.changed, moments.propagated, moments.recovered):
        reached = last if moment is None else max(last, moment)
        found.append(reached - last)
        last = reached
    return Parts(*found)


def _floor(evidence: Evidence, moments: Moments) -> float | None:
    if moments.detected is None:
        return None
    left = longest_ttl_left(evidence, moments.detected)
    return moments.detected + left - evidence.fault_at


def _burnt(failed: int, total: int, availability: float) -> float | None:
    allowed = 1 - availability
    return failed / total / allowed if total and allowed > 0 else None


def _shares(evidence: Evidence, recovered: float | None) -> dict[str, float]:
    if recovered is None:
        return {}
    end = min(evidence.until, recovered + evidence.terms.settle)
    counted = Counter(r.region for r in evidence.requests if r.ok and recovered <= r.ended <= end)
    total = sum(counted.values())
    return {region: number / total for region, number in sorted(counted.items())}


def _busy(evidence: Evidence, end: float) -> tuple[float | None, float | None]:
    """Mean busy share from the fault until it was settled, and the worst five seconds running."""
    end += evidence.terms.settle
    chosen = sorted((at, busy) for at, busy in evidence.host if evidence.fault_at <= at <= end)
    if not chosen:
        return None, None
    mean = sum(busy for _, busy in chosen) / len(chosen)
    # At least five seconds lie between the reading before the first and the last of a stretch.
    return mean, max((_lowest(chosen, i) for i in range(len(chosen))), default=None)


def _lowest(readings: Sequence[tuple[float, float]], first: int) -> float:
    """The least busy second of the five that begin here; 0.0 if there are not five."""
    start = readings[first][0]
    stretch = [busy for at, busy in readings[first:] if at < start + PEAK_SECONDS]
    whole = readings[-1][0] - start >= PEAK_SECONDS - 1
    return min(stretch) if whole else 0.0


def _outcome(
    evidence: Evidence, rto: float | None, mean: float | None, peak: float | None
) -> Outcome:
    blind = _cannot_tell(evidence, mean, peak)
    if blind is not None:
        return blind
    objective = evidence.terms.objective
    if rto is None:
        settle = evidence.terms.settle
        line = f"clients were never all served within the objective for {settle:g} s"
        return Outcome(Word.FAILED, (line,))
    line = f"recovered in {rto:.1f} s, objective {objective:g} s"
    return Outcome(Word.PASSED if rto <= objective else Word.FAILED, (line,))


def _cannot_tell(evidence: Evidence, mean: float | None, peak: float | None) -> Outcome | None:
    after = [r for r in evidence.requests if evidence.fault_at < r.ended <= evidence.until]
    if not after:
        return Outcome(Word.ERRORED, ("no requests after the fault",))
    if len(after) < MIN_REQUESTS:
        line = f"only {len(after)} requests after the fault, {MIN_REQUESTS} are needed"
        return Outcome(Word.INCONCLUSIVE, (line,))
    if not _was_used(evidence):
        line = "no client was served by the lost region before the fault"
        return Outcome(Word.INCONCLUSIVE, (line,))
    if (mean or 0.0) > BUSY_MEAN or (peak or 0.0) > BUSY_PEAK:
        line = f"host-limited: CPU {mean or 0:.0%} in the mean, {peak or 0:.0%} for 5 s running"
        return Outcome(Word.INCONCLUSIVE, (line,))
    return None


def _was_used(evidence: Evidence) -> bool:
    return any(_was_served_there(r, evidence) for r in evidence.requests)


def _was_served_there(request: RequestRecord, evidence: Evidence) -> bool:
    before = request.started < evidence.fault_at
    return request.ok and before and is_bad(request, evidence.lost)
