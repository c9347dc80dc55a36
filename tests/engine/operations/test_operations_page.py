"""docs/operations.md lists every operation, with its arguments and whether it can be taken back."""

import re
from pathlib import Path

from infctl.engine.handler import Handler
from infctl.engine.operations import find, kinds

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"
HEAD = "| operation | arguments | undo | needs a control plane of the cloud |"


def _row(handler: Handler) -> str:
    words = (type(handler).__doc__ or "").replace("\n", " ")
    found = re.search(r"Args: (.*?)\.(?:\s|$)", words)
    args = re.sub(r"\s+", " ", found[1]) if found else ""
    plane = "yes" if handler.control_plane else "no"
    return f"| `{handler.kind}` v{handler.version} | {args} | {_undo(handler)} | {plane} |"


def _undo(handler: Handler) -> str:
    if not handler.changes:
        return "changes nothing"
    if handler.renews:
        return "none: its controller makes it anew"
    if handler.heals:
        return "none: it only ends a hurt"
    return "yes" if handler.reversible else "only where its arguments name one"


def table() -> str:
    rows = (_row(find(kind, version)) for kind, version in sorted(kinds()))
    return "\n".join((HEAD, "|---|---|---|---|", *rows))


def test_the_page_has_the_table_of_all_operations() -> None:
    assert table() in PAGE.read_text(), f"docs/operations.md lacks this table:\n{table()}"
