"""How much traffic regions can take, and what they would have to. Pure arithmetic."""

import math
from collections.abc import Mapping, Sequence

from infctl.content.facts import Facts
from infctl.platform import Platform


def pod_capacity(platform: Platform) -> float:
    """Requests per second of one pod: device slots over the time that each is held."""
    time = max(platform.server.service_time, 0.001)
    return platform.server.slots / time


def out_of_answers(facts: Facts) -> frozenset[str]:
    """The regions that are known to be out of the answers: they take over nothing."""
    return frozenset(r.name for r in facts.snapshot.regions if r.dns_healthy.value is False)


def predicted_shares(
    facts: Facts, without: Sequence[str], *, returning: Sequence[str] = ()
) -> dict[str, float]:
    """The traffic share of every region when `without` have left the answers, by weight.

    Regions that are out of them already stay out, but for those that are `returning`.
    """
    out = (out_of_answers(facts) - set(returning)) | set(without)
    weights = {
        region.name: 0 if region.name in out else region.weight for region in facts.platform.regions
    }
    total = sum(weights.values())
    return {name: weight / total if total else 0.0 for name, weight in weights.items()}


def total_rate(facts: Facts, leaving: str, extra: float = 0.0) -> float | None:
    """Requests per second over all regions, with `extra` on top; None where it is not known.

    Where the leaving region's metrics do not answer, its part is taken by weight from the others'.
    One that is out of the answers and does not answer serves nobody.
    """
    out = out_of_answers(facts)
    rates = {
        r.name: r.requests_per_second
        for r in facts.snapshot.regions
        if r.name == leaving or r.name not in out or r.requests_per_second.known
    }
    others = [rate for name, rate in rates.items() if name != leaving]
    if any(rate.value is None for rate in others):
        return None
    staying = sum(rate.value or 0.0 for rate in others)
    own = rates.get(leaving)
    if own is not None and own.value is not None:
        return staying + own.value + extra
    shares = predicted_shares(facts, ())
    left = 1.0 - shares.get(leaving, 0.0)
    return (staying / left if left else staying) + extra


def needed_pods(facts: Facts, leaving: str, extra: float = 0.0) -> dict[str, int]:
    """Pods that each remaining region needs to stay within the guard's utilisation."""
    total = total_rate(facts, leaving, extra)
    if total is None:
        return {}
    bound = pod_capacity(facts.platform) * facts.platform.guards.max_utilisation
    shares = predicted_shares(facts, (leaving,))
    return {name: math.ceil(total * share / bound) for name, share in shares.items() if share}


def utilisation(
    rate: float, shares: Mapping[str, float], pods: Mapping[str, int], pod: float
) -> dict[str, float]:
    """Predicted load over capacity per region; infinite where a region with traffic has no pod."""
    return {
        name: (rate * share / (pods[name] * pod) if pods.get(name) else math.inf)
        for name, share in shares.items()
        if share > 0
    }
