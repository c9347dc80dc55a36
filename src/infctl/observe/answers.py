"""What the platform's own name servers answer: a data plane, and the truth that clients get."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

from infctl.errors import InfctlError, Unreachable
from infctl.ports.cloud import Record
from infctl.ports.names import Answer, Resolver

DOUBT = 1e-5
"""The chance that a record which is in the answers escapes all of them: that is decided enough."""
_MOST = 120


@dataclass(frozen=True, slots=True)
class Answers:
    """The addresses of so many answers, and the shortest time for which one of them may be kept."""

    addresses: frozenset[str]
    count: int
    ttl: float


async def ask_often(resolver: Resolver, host: str, times: int) -> Answers:
    """Ask so many times at once; the error of one of them where none is answered."""
    asked = await asyncio.gather(
        *(resolver.resolve(host) for _ in range(times)), return_exceptions=True
    )
    found = [answer for answer in asked if isinstance(answer, Answer)]
    for other in asked:
        if not isinstance(other, (Answer, InfctlError)):
            raise other
    if not found:
        errors = [e for e in asked if isinstance(e, InfctlError)]
        raise errors[0] if errors else Unreachable("nobody was asked")
    addresses = frozenset(address for answer in found for address in answer.addresses)
    return Answers(addresses, len(found), min(answer.ttl for answer in found))


def times_for(records: Sequence[Record]) -> int:
    """How often to ask so that every weighted record would be seen. Pure."""
    total = sum(r.weight for r in records)
    shares = [r.weight / total for r in records if 0 < r.weight < total]
    if not shares:
        return 3
    return min(_MOST, math.ceil(math.log(DOUBT) / math.log(1 - min(shares))))


def strangers(answers: Answers, records: Sequence[Record]) -> frozenset[str]:
    """The addresses in the answers that no record holds: then the records are old. Pure."""
    return answers.addresses - {address for r in records for address in r.values}


def presence(
    answers: Answers, record: Record, records: Sequence[Record]
) -> tuple[bool | None, str]:
    """Whether a record is in the answers; None, and why, where they do not decide. Pure."""
    if answers.addresses.intersection(record.values):
        return True, ""
    if strangers(answers, records):
        return None, "the answers hold addresses that are not known"
    if answers.ttl < record.ttl:
        return None, "the answers come from a cache"
    total = sum(r.weight for r in records)
    escapes = (1 - record.weight / total) ** answers.count if total else 1.0
    if escapes > 10 * DOUBT:
        return None, f"not in {answers.count} answers, which does not decide for its weight"
    return False, ""
