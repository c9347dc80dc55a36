"""Each policy, health and source against the answers in `expected/*.json`, by dig and a library."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from expected_zone import load, question_of, serving
from question_clients import Dig, Library, Seen

FILES = load()
CASES = [(name, number) for name, file in FILES.items() for number in range(len(file["cases"]))]
TIMES = 300
TOLERANCE = 0.08

CLIENTS = [
    pytest.param(Dig, "udp", id="dig-udp"),
    pytest.param(Dig, "tcp", id="dig-tcp"),
    pytest.param(Library, "udp", id="library-udp"),
    pytest.param(Library, "tcp", id="library-tcp"),
]


@pytest.fixture(scope="module")
def has_dig() -> bool:
    return Dig.is_there()


def name_of(value: Any) -> str:
    name, number = value
    return f"{name}: {FILES[name]['cases'][number]['it']}"


@pytest.mark.parametrize("found", CASES, ids=name_of)
@pytest.mark.parametrize(("client", "over"), CLIENTS)
async def test_the_answer_is_as_expected(
    client: type[Dig] | type[Library],
    over: str,
    found: tuple[str, int],
    has_dig: bool,
    tmp_path: Path,
) -> None:
    if client is Dig and not has_dig:
        pytest.skip("dig (Debian: bind9-dnsutils) is neither here nor to be had")
    if client is Library and over == "tcp" and has_dig:
        pytest.skip("dig asks over TCP")
    file = FILES[found[0]]
    case = file["cases"][found[1]]
    if case.get("over", over) != over:
        return
    question = question_of(file, case)
    async with serving(file, case) as port:
        asking = client(port, tcp=over == "tcp")
        expect(case, await asking.ask(question))
        if "shares" in case and (client is Dig or not has_dig):
            expect_shares(case, await asking.repeat(question, TIMES, tmp_path))


CHECKED: dict[str, Callable[[Seen], Any]] = {
    "answers": lambda seen: seen.values,
    "authority": lambda seen: list(seen.authority),
    "scope": lambda seen: seen.scope,
    "truncated": lambda seen: "tc" in seen.flags,
    "count": lambda seen: len(seen.answers),
    "size": lambda seen: len(seen.answers),
    "ttl": lambda seen: min(ttl for ttl, _, _ in seen.answers),
}


def expect(case: dict[str, Any], seen: Seen) -> None:
    """What the case says of one reply, and what holds of every reply."""
    assert seen.code == case.get("code", "NOERROR")
    served = seen.code not in ("REFUSED", "SERVFAIL")
    assert ("aa" in seen.flags) is case.get("authoritative", served)
    assert "ra" not in seen.flags
    assert ("tc" in seen.flags) is case.get("truncated", False)
    wanted = {key: case[key] for key in CHECKED if key in case}
    if "answers" in wanted:
        wanted["answers"] = sorted(wanted["answers"])
    assert {key: CHECKED[key](seen) for key in wanted} == wanted


def expect_shares(case: dict[str, Any], replies: list[list[str]]) -> None:
    """Each value is in its share of the replies."""
    assert len(replies) == TIMES
    counted = Counter(value for reply in replies for value in reply)
    shares = {value: count / TIMES for value, count in counted.items()}
    assert shares == pytest.approx(case["shares"], abs=TOLERANCE)


def test_every_case_says_what_it_expects() -> None:
    for file in FILES.values():
        for case in file["cases"]:
            assert {"answers", "shares", "count", "truncated"} & case.keys(), case["it"]
