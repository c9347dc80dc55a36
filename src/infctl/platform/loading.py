"""Reads a platform file for one environment, and finds all its problems at once."""

from collections.abc import Mapping
from pathlib import Path

from infctl.errors import ConfigurationError
from infctl.model.names import nearest
from infctl.platform import source
from infctl.platform.model import Platform
from infctl.platform.nodes import Node, merge
from infctl.platform.problem import FileProblem, Problem, as_error, quote
from infctl.platform.validation import validate

_NOT_IN_OVERLAYS = ("apiVersion", "kind", "default_environment", "environments")


def load(path: Path, overlay: str | None = None, *, environment: str = "") -> Platform:
    """The platform with one overlay (that of the file's default environment if none is named).

    `environment` is the environment's own name where it differs from the overlay's. Raises
    ConfigurationError with every problem as FILE:LINE:COLUMN: message.
    """
    path = Path(path)
    tree, problems = _read(path)
    if tree is None:
        raise as_error(problems)
    name = overlay or _default(tree)
    overlays = _overlays(tree)
    if overlay is not None and overlay not in overlays:
        raise _no_environment(overlay, path, overlays)
    platform, found = _environment(tree, name, str(path))
    if platform is None or found:
        raise as_error(found)
    return platform.bind(path, name, environment)


def lint(path: Path) -> list[Problem]:
    """Every problem of the file in every environment, each once, in the order of the file."""
    tree, problems = _read(path)
    if tree is None:
        return problems
    found: set[Problem] = set()
    for name in _overlays(tree) or (_default(tree),):
        found.update(_environment(tree, name, str(path))[1])
    return sorted(found)


def _read(path: Path) -> tuple[Node | None, list[Problem]]:
    raw = source.read_bytes(path)
    try:
        tree = source.parse(raw, str(path))
    except FileProblem as error:
        return None, [error.problem]
    if isinstance(tree.value, Mapping):
        return tree, []
    return None, [Problem(tree.mark.line, tree.mark.column, "not a mapping of keys", str(path))]


def _environment(tree: Node, name: str, file: str) -> tuple[Platform | None, list[Problem]]:
    merged, problems = _merged(tree, name, file)
    platform, found = validate(merged, file)
    return platform, [*problems, *found]


def _merged(tree: Node, name: str, file: str) -> tuple[Node, list[Problem]]:
    """The file with one environment's values over it; other environments keep only their class."""
    overlay = _overlays(tree).get(name)
    stripped = _without_overlays(tree)
    if overlay is None or not isinstance(overlay.value, Mapping):
        return stripped, []
    problems = [_misplaced(overlay, key, file) for key in _NOT_IN_OVERLAYS if key in overlay.fields]
    return merge(stripped, overlay.without("class", *_NOT_IN_OVERLAYS)), problems


def _misplaced(overlay: Node, key: str, file: str) -> Problem:
    mark = overlay.locate((key,), key=True)
    return Problem(mark.line, mark.column, f"{quote(key)} cannot differ by environment", file)


def _without_overlays(tree: Node) -> Node:
    environments = tree.fields.get("environments")
    if environments is None or not isinstance(environments.value, Mapping):
        return tree
    kept = {name: _only_class(node) for name, node in environments.fields.items()}
    narrowed = Node(kept, environments.mark, environments.keys)
    return Node({**tree.fields, "environments": narrowed}, tree.mark, tree.keys)


def _only_class(node: Node) -> Node:
    if not isinstance(node.value, Mapping):
        return node
    return Node({k: v for k, v in node.fields.items() if k == "class"}, node.mark, node.keys)


def _overlays(tree: Node) -> Mapping[str, Node]:
    environments = tree.fields.get("environments")
    return environments.fields if environments else {}


def _default(tree: Node) -> str:
    found = tree.fields.get("default_environment")
    return found.value if found and isinstance(found.value, str) else ""


def _no_environment(name: str, path: Path, known: Mapping[str, Node]) -> ConfigurationError:
    meant = nearest(name, known)
    hint = f"did you mean {meant}?" if meant else f"one of {', '.join(known)}"
    return ConfigurationError(f"{path}: there is no environment {quote(name)}", hint=hint)
