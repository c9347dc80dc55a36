"""Hostile arguments of every operation on people and the outside: named, never run, never shown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infctl.engine import arguments
from infctl.engine.operations import find
from infctl.engine.operations.push_config import digest_of
from infctl.errors import ConfigurationError, InfctlError
from infctl.model.text import clean

SIGNAL = {
    "queries": {"eu-west-1": "a"},
    "ages": {"eu-west-1": "b"},
    "samples": {"eu-west-1": "c"},
    "better": "lower",
    "bound": 1.0,
    "least": 1,
}
GOOD: dict[str, dict[str, Any]] = {
    "push_config": {
        "region": "eu-west-1",
        "namespace": "vision",
        "name": "routing",
        "content": "a: 1",
        "digest": digest_of("a: 1"),
        "generation": 1,
    },
    "set_flag": {
        "region": "eu-west-1",
        "namespace": "vision",
        "flag": "canary",
        "definition": {"state": "ENABLED", "variants": {"on": True}, "defaultVariant": "on"},
    },
    "judge": {"signals": {"errors": SIGNAL}, "on_blind": "pause"},
    "ask": {
        "question": "go?",
        "answers": ["yes", "no"],
        "goes_on": ["yes"],
        "safe": "no",
        "deadline": 60,
    },
    "approve": {
        "regions": ["eu-west-1"],
        "needed": 1,
        "text": "move",
        "expires": 900,
        "people": {"oidc:eve": "eve"},
        "each_region": False,
    },
    "notify": {
        "route": "on-call",
        "title": "t",
        "text": "a\nb",
        "severity": "info",
        "labels": {"a": "b"},
        "must_arrive": True,
    },
    "open_incident": {
        "regions": ["eu-west-1"],
        "title": "t",
        "severity": "critical",
        "text": "x",
    },
    "call_http": {
        "endpoint": "billing",
        "method": "PUT",
        "path": "/a?b=c",
        "expected": [200],
        "body": "{}",
        "timeout": 5,
        "read_back": {"path": "/a", "expected": [200]},
    },
    "run_command": {"program": "echo", "arguments": ["a"], "expected": [0], "timeout": 5},
}
HOSTILE: list[Any] = [
    None,
    [],
    {},
    {"a": object()},
    "x" * 2**20,
    "\x1b]52;c;AA\x07",
    "a\u202eb",
    "a\0b",
    float("nan"),
    float("inf"),
    10**400,
    -(10**400),
    [[[[["x"] * 3] * 3] * 3] * 3] * 3,
    {1: 2},
    "\ud800",
    b"bytes",
    ["\x1b[2J"],
    {"\x1b[2J": "\x1b[2J"},
]
FREE = {("push_config", "content"), ("set_flag", "definition"), ("run_command", "arguments")}
"""Where any text or JSON is what the operation is about; only its size and shape are bounded."""


@pytest.mark.parametrize("kind", GOOD)
def test_good_arguments_pass(kind: str) -> None:
    find(kind, 1).check(GOOD[kind])
    assert all(isinstance(thing, str) for thing in find(kind, 1).touches(GOOD[kind]))
    assert find(kind, 1).loss(GOOD[kind])


def problem_of(kind: str, args: dict[str, Any]) -> str:
    try:
        find(kind, 1).check(args)
    except InfctlError as error:
        return error.what
    return ""


CASES = [(kind, argument) for kind, args in GOOD.items() for argument in args]


@pytest.mark.parametrize(("kind", "argument"), CASES, ids=str)
def test_each_argument_is_held_to_its_rule_and_never_repeated(kind: str, argument: str) -> None:
    for value in HOSTILE:
        problem = problem_of(kind, {**GOOD[kind], argument: value})
        assert problem == clean(problem)
        assert len(problem) < 1000
        is_allowed = (kind, argument) in FREE or value in (None, [], {})
        assert problem or is_allowed, (kind, argument, str(value)[:40])


@pytest.mark.parametrize("kind", GOOD)
def test_missing_and_unknown_arguments_are_named(kind: str) -> None:
    with pytest.raises(ConfigurationError, match="`extra"):
        find(kind, 1).check({**GOOD[kind], "extra": 1})
    with pytest.raises(ConfigurationError):
        find(kind, 1).check({})


@given(st.text())
def test_plain_text_is_what_the_sanitiser_leaves_alone(value: str) -> None:
    is_plain = arguments.text(100_000, least=0)(value) == ""
    assert not is_plain or "\\u{" not in clean(value, limit=100_000) or "\\u{" in value


def test_a_boolean_is_no_number_and_a_string_of_one_neither() -> None:
    for value in (True, "1", None, 1.5):
        assert arguments.whole(0, 9)(value)
    for value in (True, "1", None):
        assert arguments.number(0, 9)(value)
    assert arguments.truth(1)


def test_deep_and_large_json_is_refused_without_walking_it_all() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    assert arguments.json_value(deep)
    assert arguments.json_value("x" * (arguments.LARGEST + 1))
    assert not arguments.json_value({"a": [1, None, True]})
