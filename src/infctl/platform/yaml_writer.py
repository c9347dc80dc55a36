"""The one place that writes YAML: the same value always gives the same bytes."""

import io
import re
from collections.abc import Iterable
from typing import Any

_YAML_1_1 = re.compile(
    r"(?i:y|n|yes|no|on|off|true|false|null|~|)|[-+.]?[0-9][0-9_,.:]*(e[-+]?[0-9]+)?|0[xob].*|<<|="
)
"""Texts that readers of YAML 1.1, such as kubectl, would not take for texts: these are quoted."""


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
    writer.representer.add_representer(str, _represent)
    return writer


def _represent(representer: Any, text: str) -> Any:
    style = "'" if _YAML_1_1.fullmatch(text) else None
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style)
