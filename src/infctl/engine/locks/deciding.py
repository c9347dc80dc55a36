"""What somebody who wants the lock does next, from what the places hold. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from infctl.ports.lock import Holding, Seen

IMPATIENT = 3
"""From this attempt on the first place is passed over where another has it."""


@dataclass(frozen=True, slots=True)
class Take:
    """Write these places, the first one alone before the others."""

    sites: tuple[str, ...]
    fence: int


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody has a majority, or may have it with places that did not answer."""

    holding: Holding


@dataclass(frozen=True, slots=True)
class Contended:
    """Others want it too, and nobody has it yet."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Too few places answered."""


Decision = Take | Held | Contended | Silent


def is_free(seen: Seen, ours: frozenset[str]) -> bool:
    """Whether nobody holds a place under another id than `ours`."""
    return seen.holding is None or seen.holding.free or seen.holding.id in ours


def decide(
    names: Sequence[str],
    seen: Mapping[str, Seen],
    *,
    ours: frozenset[str],
    needed: int,
    attempt: int,
    has_expired: Callable[[str, Holding], bool],
) -> Decision:
    """`names` are all places, always in the same order, so that all contend at the same one.

    `ours` are ids whose records are as good as free to us.
    """
    if len(seen) < needed:
        return Silent()
    order = [name for name in names if name in seen]
    free = [n for n in order if is_free(seen[n], ours) or _expired(n, seen[n], has_expired)]
    if len(free) >= needed and (free[0] == order[0] or attempt >= IMPATIENT):
        return Take(tuple(free), newest_fence(seen) + 1)
    taken = {n: h for n in order if n not in free and (h := seen[n].holding) is not None}
    counts = Counter(holding.id for holding in taken.values())
    strongest, count = counts.most_common(1)[0] if counts else ("", 0)
    if count and count + len(names) - len(seen) >= needed:
        return Held(max((h for h in taken.values() if h.id == strongest), key=lambda h: h.renewal))
    return Contended()


def newest_fence(seen: Mapping[str, Seen]) -> int:
    """The highest number in these records, 0 without any."""
    return max((s.holding.fence for s in seen.values() if s.holding is not None), default=0)


def _expired(name: str, seen: Seen, has_expired: Callable[[str, Holding], bool]) -> bool:
    return seen.holding is not None and has_expired(name, seen.holding)
