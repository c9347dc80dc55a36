"""The one place that writes YAML: the same value always gives the same bytes."""

import io
from collections.abc import Iterable
from typing import Any


def dump(content: Any) -> str:
    """One document; mappings keep their order, long lines stay whole."""
    stream = io.StringIO()
    _writer().dump(content, stream)
    return stream.getvalue()


def dump_all(documents: Iterable[Any]) -> str:
    """Several documents, each after a line of three dashes."""
    return "".join(f"---\n{dump(document)}" for document in documents)


def _writer() -> Any:
    from ruamel.yaml import YAML

    writer: Any = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.allow_unicode = True
    writer.width = 4096
    writer.sort_base_mapping_type_on_output = False
    writer.representer.ignore_aliases = lambda _: True
    return writer
