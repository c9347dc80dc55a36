"""Turns a tree into a Platform, and pydantic's complaints into problems with places."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from infctl.model.names import nearest
from infctl.platform import checks
from infctl.platform.model import Platform
from infctl.platform.nodes import Node
from infctl.platform.problem import Problem, quote

Path = Sequence[str | int]


def validate(tree: Node, file: str) -> tuple[Platform | None, list[Problem]]:
    """The platform, and what is wrong with it; None where it cannot even be built."""
    try:
        platform = Platform.model_validate_json(json.dumps(tree.plain()))
    except ValidationError as error:
        return None, [_problem(tree, file, dict(e)) for e in error.errors(include_url=False)]
    found = []
    for path, message in checks.check(platform):
        mark = tree.locate(path)
        found.append(Problem(mark.line, mark.column, message, file))
    return platform, found


def _problem(tree: Node, file: str, error: dict[str, Any]) -> Problem:
    path = [step for step in error["loc"] if step != "[key]"]
    about_key = error["type"] == "extra_forbidden" or "[key]" in error["loc"]
    mark = tree.locate(path, key=about_key)
    return Problem(mark.line, mark.column, _message(path, error), file)


def _message(path: Path, error: dict[str, Any]) -> str:
    kind, name = error["type"], quote(path[-1] if path else "")
    if kind == "extra_forbidden":
        meant = nearest(str(path[-1]), _known(path[:-1]))
        return f"unknown key {name}" + (f"; did you mean {meant}?" if meant else "")
    if kind == "missing":
        return f"{name} is missing"
    reason = str(error["msg"]).removeprefix("Value error, ")
    return f"{name}: {reason[:1].lower()}{reason[1:]}"


def _known(path: Path) -> list[str]:
    """The keys that are valid at a path."""
    model: Any = Platform
    for step in path:
        if isinstance(step, int):
            continue
        model = _field(model, step)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def _field(model: Any, name: str) -> Any:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return model
    field = model.model_fields.get(name)
    return next(_models(field.annotation), None) if field else None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
