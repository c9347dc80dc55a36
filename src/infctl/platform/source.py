"""Strict reading of YAML: no tags, no aliases, no duplicate keys, bounds on size and depth.

The file is read as a stream of events, so that a hostile one is refused at the first event that
breaks a rule and nothing is ever constructed from it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infctl.errors import ConfigurationError
from infctl.platform.nodes import Mark, Node
from infctl.platform.problem import FileProblem, Problem, quote
from infctl.platform.scalars import Ambiguous, resolve

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_VALUES = 3000


def read_bytes(path: Path) -> bytes:
    """The file's bytes; never more than the bound, never from something that is not a file."""
    if path.exists() and not path.is_file():
        raise ConfigurationError(f"{path} is not a file", hint="name one with --platform FILE")
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no platform file at {path}", hint="infctl init, or --platform FILE"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None


def parse(raw: bytes, file: str) -> Node:
    """The tree of a file's one document; raises FileProblem."""
    text = _decode(raw, file)
    reader = _Reader(text, file)
    try:
        return reader.document()
    except RecursionError:
        raise reader.problem(Mark(1, 1), f"nested deeper than {MAX_DEPTH} levels") from None


def _decode(raw: bytes, file: str) -> str:
    if len(raw) > MAX_BYTES:
        raise FileProblem(Problem(1, 1, f"larger than {MAX_BYTES // 1024} KiB", file))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileProblem(Problem(line, 1, "not UTF-8", file)) from None


class _Reader:
    """Builds the tree from the events of one document."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._events = self._checked(text)
        self._count = 0

    def document(self) -> Node:
        """The one document of the stream."""
        from ruamel.yaml import events as kinds

        event = next(self._events)
        if isinstance(event, kinds.StreamEndEvent):
            raise self.problem(Mark(1, 1), "the file is empty")
        node = self._node(next(self._events), 1)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, kinds.StreamEndEvent):
            raise self.problem(_mark(after), "a second document: one file holds one platform")
        return node

    def problem(self, mark: Mark, message: str) -> FileProblem:
        """A problem of this file."""
        return FileProblem(Problem(mark.line, mark.column, message, self._file))

    def _checked(self, text: str) -> Iterator[Any]:
        from ruamel.yaml import YAML
        from ruamel.yaml import events as kinds
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            yaml = YAML(typ="safe", pure=True)
            yaml.Scanner = _bounded_scanner()
            for event in yaml.parse(text):
                self._refuse(event)
                if not isinstance(event, kinds.StreamStartEvent):
                    yield event
        except MarkedYAMLError as error:
            place = error.problem_mark or error.context_mark
            mark = Mark(place.line + 1, place.column + 1) if place else Mark(1, 1)
            raise self.problem(mark, f"not valid YAML: {error.problem or error.context}") from None
        except (YAMLError, ValueError) as error:
            first = str(error).splitlines()[0] if str(error) else "unreadable"
            raise self.problem(Mark(1, 1), f"not valid YAML: {first}") from None

    def _refuse(self, event: Any) -> None:
        from ruamel.yaml import events as kinds

        mark = _mark(event)
        if isinstance(event, kinds.AliasEvent) or getattr(event, "anchor", None):
            raise self.problem(mark, "anchors and aliases are not allowed: write the value out")
        if isinstance(event, kinds.DocumentStartEvent) and (event.version or event.tags):
            raise self.problem(mark, "directives are not allowed")
        tag = getattr(event, "ctag", None) or getattr(event, "tag", None)
        if tag is not None and str(tag) not in ("", "None"):
            raise self.problem(mark, f"tags are not allowed: {quote(tag)}")
        self._count += 1
        if self._count > MAX_VALUES:
            raise self.problem(mark, f"more than {MAX_VALUES} values")

    def _node(self, event: Any, depth: int) -> Node:
        from ruamel.yaml import events as kinds

        mark = _mark(event)
        if depth > MAX_DEPTH:
            raise self.problem(mark, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, kinds.MappingStartEvent):
            return self._mapping(mark, depth)
        if isinstance(event, kinds.SequenceStartEvent):
            return self._sequence(mark, depth)
        return Node(self._scalar(event, mark), mark)

    def _scalar(self, event: Any, mark: Mark) -> Any:
        if event.style is not None:
            return str(event.value)
        try:
            return resolve(event.value)
        except Ambiguous as error:
            raise self.problem(mark, f"{quote(event.value)}: {error}") from None

    def _sequence(self, mark: Mark, depth: int) -> Node:
        from ruamel.yaml import events as kinds

        items: list[Node] = []
        while not isinstance(event := next(self._events), kinds.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Node(tuple(items), mark)

    def _mapping(self, mark: Mark, depth: int) -> Node:
        from ruamel.yaml import events as kinds

        fields: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        while not isinstance(event := next(self._events), kinds.MappingEndEvent):
            name, place = self._key(event), _mark(event)
            if name in fields:
                first = keys[name].line
                raise self.problem(place, f"{quote(name)} is here twice, first in line {first}")
            keys[name] = place
            fields[name] = self._node(next(self._events), depth + 1)
        return Node(fields, mark, keys)

    def _key(self, event: Any) -> str:
        from ruamel.yaml import events as kinds

        if not isinstance(event, kinds.ScalarEvent) or event.value == "":
            raise self.problem(_mark(event), "a key must be a word")
        if event.value == "<<":
            raise self.problem(_mark(event), "merge keys are not allowed: write the values out")
        return str(event.value)


def _bounded_scanner() -> type[Any]:
    """The library's scanner, which reads ahead up to 1024 brackets, but stops at our depth."""
    from ruamel.yaml.scanner import Scanner, ScannerError

    class Bounded(Scanner):
        def fetch_flow_collection_start(self, *token: Any, **opening: Any) -> None:
            if len(self.flow_context) >= MAX_DEPTH:
                problem = f"nested deeper than {MAX_DEPTH} levels"
                raise ScannerError(None, None, problem, self.reader.get_mark())
            super().fetch_flow_collection_start(*token, **opening)

    return Bounded


def _mark(event: Any) -> Mark:
    start = event.start_mark
    return Mark(start.line + 1, start.column + 1) if start else Mark(1, 1)
