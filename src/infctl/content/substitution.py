"""`${name}` in plans that people write: declared parameters only, one pass, no language.

A value never becomes part of what is looked at again, so nothing that it holds is a placeholder.
There is no environment, no attribute, no filter, no condition.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from infctl.errors import ConfigurationError
from infctl.model.names import is_name
from infctl.model.text import clean

_NAME = "[a-z][a-z0-9_]{0,62}"
_PLACEHOLDER = re.compile(r"\$\{(" + _NAME + r")\}")
LARGEST = 16 * 1024
LARGEST_RESULT = 256 * 1024
_DEEPEST = 32
_LARGEST_NUMBER = 1e300
_PROGRAM_PARTS = frozenset({"arguments"})


class Type(StrEnum):
    """What a parameter may be."""

    TEXT = "text"
    NAME = "name"
    WHOLE = "whole"
    NUMBER = "number"
    TRUTH = "truth"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter; `choices` are all that it may be, where there are any."""

    name: str
    type: Type = Type.TEXT
    choices: tuple[Any, ...] = ()


def check_values(declared: tuple[Parameter, ...], values: Mapping[str, Any]) -> None:
    """Raise ConfigurationError where a value is missing, undeclared, or not of its type."""
    known = {p.name: p for p in declared}
    for parameter in declared:
        if re.fullmatch(_NAME, parameter.name) is None:
            raise _wrong(parameter.name, "cannot be the name of a parameter")
    for name in values:
        if name not in known:
            raise _wrong(name, f"is not one of {', '.join(sorted(known)) or 'no parameters'}")
    for name, parameter in known.items():
        if name not in values:
            raise _wrong(name, "is missing")
        if problem := _problem_of(values[name], parameter):
            raise _wrong(name, f"must be {problem}")


def substitute(template: Any, values: Mapping[str, Any]) -> Any:
    """A plan's arguments with their parameters in them; `values` were checked before.

    A text that is one placeholder becomes the value itself, with its type; within other text the
    value stands as text. Keys are never touched. An undeclared name is a ConfigurationError.
    """
    return _Pass(values).walk(template, 1)


def substitute_arguments(kind: str, args: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """The same for an operation: of a program, parameters reach elements of its argv alone."""
    if kind == "run_command":
        for part, value in args.items():
            inner = value if part in ("undo", "read_back") else {part: value}
            for name, content in inner.items() if isinstance(inner, Mapping) else ():
                if name not in _PROGRAM_PARTS and _holds_placeholder(content):
                    raise _wrong(f"{part}", "of run_command cannot be a parameter")
    return substitute(args, values)


class _Pass:
    """One walk over a template; `size` bounds what comes out of it."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._size = 0

    def walk(self, value: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ConfigurationError(f"arguments nested deeper than {_DEEPEST} levels")
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {k: self.walk(v, depth + 1) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.walk(v, depth + 1) for v in value]
        return value

    def _text(self, text: str) -> Any:
        whole = _PLACEHOLDER.fullmatch(text)
        if whole is not None:
            return self._value(whole[1])
        pieces, end = [], 0
        for found in _PLACEHOLDER.finditer(text):
            pieces += [text[end : found.start()], _shown(self._value(found[1]))]
            end = found.end()
        return "".join([*pieces, text[end:]])

    def _value(self, name: str) -> Any:
        if name not in self._values:
            raise _wrong(name, "is not a declared parameter")
        value = self._values[name]
        self._size += len(value) if isinstance(value, str) else 8
        if self._size > LARGEST_RESULT:
            raise ConfigurationError(f"parameters fill more than {LARGEST_RESULT} characters")
        return value


def _holds_placeholder(value: Any) -> bool:
    if isinstance(value, str):
        return _PLACEHOLDER.search(value) is not None
    if isinstance(value, Mapping):
        return any(_holds_placeholder(v) for v in value.values())
    return isinstance(value, (list, tuple)) and any(_holds_placeholder(v) for v in value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _problem_of(value: Any, parameter: Parameter) -> str:
    if parameter.choices:
        is_one = any(value == c and type(value) is type(c) for c in parameter.choices)
        return "" if is_one else f"one of {', '.join(map(str, parameter.choices))}"
    return "" if _is_of(value, parameter.type) else _WORDS[parameter.type]


def _is_of(value: Any, wanted: Type) -> bool:
    if wanted is Type.TRUTH:
        return isinstance(value, bool)
    if wanted is Type.WHOLE:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    if wanted is Type.NUMBER:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER
    if not isinstance(value, str):
        return False
    return is_name(value) if wanted is Type.NAME else len(value) <= LARGEST and "\0" not in value


_WORDS = {
    Type.TEXT: f"text without NUL, at most {LARGEST} characters",
    Type.NAME: "a name: lower-case letters, digits and -, at most 63",
    Type.WHOLE: "a whole number",
    Type.NUMBER: "a finite number",
    Type.TRUTH: "true or false",
}


def _wrong(name: str, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"the parameter {clean(str(name), limit=80)} {problem}", unchanged="nothing was done"
    )
