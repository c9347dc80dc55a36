"""Row C10 of the reliability catalogue: what a parameter holds is never looked at again."""

import resource
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infctl.content.substitution import (
    Parameter,
    Type,
    check_values,
    substitute,
    substitute_arguments,
)
from infctl.errors import ConfigurationError

STRINGS = [
    "$(curl e|sh)",
    ";id",
    "`id`",
    "| id",
    "&& id",
    "{{7*7}}",
    "{{''.__class__.__mro__}}",
    "{{config.items()}}",
    "{%for x in range(9**9)%}x{%endfor%}",
    "{0.__init__.__globals__}",
    "{0}",
    "{name}",
    "{}",
    "{{('a'*1000000000)}}",
    "%(name)s",
    "%s%n",
    "${AWS_SECRET_ACCESS_KEY}",
    "$AWS_SECRET_ACCESS_KEY",
    "${HOME}",
    "${PATH:-x}",
    "${other}",
    "${word}",
    "$${word}",
    "${${word}}",
    "${wo${word}rd}",
    "${word.__class__}",
    "${word[0]}",
    "${word!r}",
    "${ word }",
    "$((7*7))",
    "#{7*7}",
    "<%= 7*7 %>",
    "@{7*7}",
    "*{7*7}",
    "${7*7}",
    "${jndi:ldap://127.0.0.1/a}",
    "\\${word}",
    "\x1b]52;c;AA\x07",
    "\u202e${word}",
    "&#36;{word}",
    "%24%7Bword%7D",
    "!!python/object/apply:os.system [id]",
]
FREE = [s for s in STRINGS if "${word}" not in s and "${other}" not in s]
WORD = Parameter("word")


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_there_are_forty() -> None:
    assert len(STRINGS) >= 40


@pytest.mark.parametrize("string", STRINGS)
def test_a_value_comes_out_as_it_went_in(string: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    values = {"word": string, "other": "o"}
    check_values((WORD, Parameter("other")), values)
    before, began = peak(), time.perf_counter()
    found = substitute({"a": ["${word}", "x${word}y${other}${word}"]}, values)
    assert time.perf_counter() - began <= 0.05
    assert peak() - before <= 5 * 1024
    assert found == {"a": [string, f"x{string}yo{string}"]}


@pytest.mark.parametrize("string", FREE)
def test_what_is_no_declared_parameter_stays_as_it_stands(string: str) -> None:
    assert substitute({string: string}, {"word": "w"}) == {string: string}


def test_a_lone_placeholder_keeps_the_values_type_and_an_unknown_name_is_told() -> None:
    assert substitute("${count}", {"count": 3}) == 3
    assert substitute("n=${count}, ${yes}", {"count": 3, "yes": True}) == "n=3, true"
    with pytest.raises(ConfigurationError, match="the parameter other is not a declared"):
        substitute("${other}", {"word": "w"})


def test_many_parameters_of_the_largest_size_are_refused_not_built() -> None:
    before = peak()
    with pytest.raises(ConfigurationError, match="more than"):
        substitute("${word}" * 20_000, {"word": "x" * 16_384})
    assert peak() - before <= 5 * 1024


@pytest.mark.parametrize(
    "args",
    [
        {"program": "${word}", "arguments": []},
        {"program": "p-${word}", "arguments": []},
        {"program": "p", "arguments": [], "timeout": "${word}"},
        {"program": "p", "arguments": [], "undo": {"program": "${word}", "arguments": []}},
        {"program": "p", "arguments": [], "read_back": {"program": "p", "contains": "${word}"}},
    ],
)
def test_parameters_reach_nothing_of_a_program_but_its_arguments(args: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="cannot be a parameter"):
        substitute_arguments("run_command", args, {"word": "w"})


def test_parameters_reach_elements_of_an_argv() -> None:
    args = {"program": "p", "arguments": ["--to", "${word}", "a=${word}"]}
    found = substitute_arguments("run_command", args, {"word": "-x; id"})
    assert found["arguments"] == ["--to", "-x; id", "a=-x; id"]


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        (Type.WHOLE, "3"),
        (Type.WHOLE, True),
        (Type.WHOLE, 3.0),
        (Type.WHOLE, 2**60),
        (Type.NUMBER, float("nan")),
        (Type.NUMBER, "1"),
        (Type.TRUTH, 1),
        (Type.TRUTH, "true"),
        (Type.NAME, "eu-west-1\n"),
        (Type.NAME, "-rf"),
        (Type.NAME, "eu-w\u0435st-1"),
        (Type.TEXT, 3),
        (Type.TEXT, None),
        (Type.TEXT, "x" * 20_000),
        (Type.TEXT, "a\0b"),
        (Type.TEXT, ["x"]),
    ],
)
def test_a_value_of_another_type_is_refused(wanted: Type, value: Any) -> None:
    with pytest.raises(ConfigurationError, match="the parameter word must be"):
        check_values((Parameter("word", wanted),), {"word": value})


def test_values_are_those_that_were_declared() -> None:
    with pytest.raises(ConfigurationError, match="is missing"):
        check_values((WORD,), {})
    with pytest.raises(ConfigurationError, match="is not one of word"):
        check_values((WORD,), {"word": "w", "more": 1})
    with pytest.raises(ConfigurationError, match="one of 1, 2"):
        check_values((Parameter("n", Type.WHOLE, (1, 2)),), {"n": True})


@given(st.text(), st.text())
def test_any_value_in_any_text_is_put_in_once(before: str, value: str) -> None:
    text = before.replace("$", "")
    assert substitute(f"{text}|${{word}}", {"word": value}) == f"{text}|{value}"
