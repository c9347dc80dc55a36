"""Row C17 of the reliability catalogue: no trick makes one person two."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infctl.engine.approvals import Demand, approvals
from infctl.model.outcome import Word

NOW = 1_700_000_300.0
DEMAND = Demand(
    run="01k8run",
    step="s1",
    plan="a" * 64,
    needed=1,
    requesters=("oidc:bob",),
    asked=NOW - 300,
    uids=frozenset({"uid-1", "uid-2"}),
    people={"oidc:bob": "bob", "oidc:bob-admin": "bob", "oidc:eve": "eve", "oidc:dan": "dan"},
)
OPEN = replace(DEMAND, people={})


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def vote(by: str = "oidc:eve", *, at: float = NOW - 10, **data: str) -> dict[str, Any]:
    return {
        "metadata": {
            "labels": {"infctl.dev/approval": "decision"},
            "creationTimestamp": moment(at),
        },
        "immutable": True,
        "data": {
            "run": "01k8run",
            "step": "s1",
            "plan": "a" * 64,
            "request": "uid-1",
            "by": by,
            "decision": "approve",
            "reason": "",
            **data,
        },
    }


def without(key: str, part: str = "data") -> dict[str, Any]:
    found = vote()
    del (found[part] if part else found)[key]
    return found


def mutable() -> dict[str, Any]:
    return {**vote(), "immutable": False}


def with_more() -> dict[str, Any]:
    found = vote()
    found["data"]["needed"] = "0"
    return found


TRICKS: dict[str, tuple[Demand, list[dict[str, Any]]]] = {
    "approves himself": (OPEN, [vote("oidc:bob")]),
    "in capitals": (OPEN, [vote("OIDC:Bob")]),
    "with a space": (OPEN, [vote("oidc:bob ")]),
    "in full width": (OPEN, [vote("ｏｉｄｃ：ＢＯＢ")]),  # noqa: RUF001
    "with a long s and a ligature": (
        replace(OPEN, requesters=("oidc:ﬁsſ",)),  # noqa: RUF001
        [vote("oidc:fiss")],
    ),
    "with his second account": (DEMAND, [vote("oidc:bob-admin")]),
    "with his second account, in capitals": (DEMAND, [vote("OIDC:BOB-ADMIN")]),
    "with an account that nobody asked": (DEMAND, [vote("oidc:mallory")]),
    "with a look-alike": (DEMAND, [vote("oidc:еve")]),  # noqa: RUF001
    "as nobody": (OPEN, [vote("")]),
    "as a space": (OPEN, [vote("\u3000")]),
    "swaps the plan afterwards": (replace(DEMAND, plan="b" * 64), [vote()]),
    "replays it on another run": (replace(DEMAND, run="01k8other"), [vote()]),
    "replays it on another step": (replace(DEMAND, step="s2"), [vote()]),
    "replays it on a request made anew": (replace(DEMAND, uids=frozenset({"uid-3"})), [vote()]),
    "is sixteen minutes old": (replace(DEMAND, asked=NOW - 10), [vote(at=NOW - 960)]),
    "was made before the request": (replace(DEMAND, asked=NOW - 10), [vote(at=NOW - 120)]),
    "was made in the future": (DEMAND, [vote(at=NOW + 3600)]),
    "has no date": (DEMAND, [without("creationTimestamp", "metadata")]),
    "has a date without a zone": (
        DEMAND,
        [
            {
                **vote(),
                "metadata": {**vote()["metadata"], "creationTimestamp": "2023-11-14T22:18:00"},
            }
        ],
    ),
    "can be changed afterwards": (DEMAND, [mutable()]),
    "says nothing of changes": (DEMAND, [without("immutable", "")]),
    "brings fields of its own": (DEMAND, [with_more()]),
    "leaves out the request": (DEMAND, [without("request")]),
    "says yes in other words": (DEMAND, [vote(decision="APPROVE")]),
    "says both": (DEMAND, [vote(decision="approve,deny")]),
    "counts twice by one": (replace(DEMAND, needed=2), [vote(), vote(request="uid-2")]),
    "counts twice in capitals": (replace(OPEN, needed=2), [vote(), vote("OIDC:EVE")]),
    "counts twice by two accounts": (
        replace(DEMAND, requesters=("oidc:dan",), needed=2),
        [vote("oidc:bob"), vote("oidc:bob-admin")],
    ),
    "has the label of a request": (
        DEMAND,
        [
            {
                **vote(),
                "metadata": {**vote()["metadata"], "labels": {"infctl.dev/approval": "request"}},
            }
        ],
    ),
    "overrules a denial": (
        DEMAND,
        [vote(), vote("oidc:dan", decision="deny", reason="not now")],
    ),
    "overrules his own denial": (DEMAND, [vote(decision="deny"), vote()]),
    "overrules a denial that is old": (
        DEMAND,
        [vote(), vote("oidc:dan", decision="deny", at=NOW - 5000)],
    ),
}


def test_a_genuine_approval_passes() -> None:
    assert approvals([vote()], DEMAND, NOW).word is Word.PASSED
    assert approvals([vote()], OPEN, NOW).word is Word.PASSED
    two = [vote(), vote("oidc:dan", request="uid-2")]
    assert approvals(two, replace(DEMAND, needed=2), NOW).word is Word.PASSED


@pytest.mark.parametrize("trick", TRICKS, ids=str)
def test_a_trick_never_passes(trick: str) -> None:
    demand, objects = TRICKS[trick]
    assert approvals(objects, demand, NOW).word is not Word.PASSED


def test_there_are_enough_tricks() -> None:
    assert len(TRICKS) >= 20


def test_a_denial_ends_it_and_says_why() -> None:
    outcome = approvals([vote("oidc:dan", decision="deny", reason="not now")], DEMAND, NOW)
    assert outcome.word is Word.FAILED
    assert outcome.evidence == ("denied by oidc:dan: not now",)


def test_before_its_expiry_it_waits_and_afterwards_it_has_failed() -> None:
    assert approvals([], DEMAND, DEMAND.asked + 900).word is Word.INCONCLUSIVE
    assert approvals([], DEMAND, DEMAND.asked + 901).word is Word.FAILED


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def _broken(path: tuple[str, ...], junk: Any) -> dict[str, Any]:
    found = deepcopy(vote())
    place: Any = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = junk
    return found


PATHS: list[tuple[str, ...]] = [
    ("metadata",),
    ("metadata", "labels"),
    ("metadata", "creationTimestamp"),
    ("immutable",),
    ("data",),
    *[("data", key) for key in vote()["data"] if key not in ("by", "reason")],
]


@given(st.sampled_from(PATHS), JUNK)
def test_broken_objects_neither_crash_it_nor_count(path: tuple[str, ...], junk: Any) -> None:
    outcome = approvals([_broken(path, junk)], DEMAND, NOW)
    assert outcome.word is not Word.PASSED or _broken(path, junk) == vote()
