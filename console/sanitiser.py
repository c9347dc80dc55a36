"""The last wall: no control, format or bidi character of any widget reaches the terminal."""

import unicodedata

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


class TerminalFilter(LineFilter):
    """Replaces what `model.text.clean` would have replaced, wherever it came from."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, their text made safe; lengths are kept so that columns stay."""
        del background
        return [
            segment if _is_safe(segment.text) else Segment(_mask(segment.text), *segment[1:])
            for segment in segments
        ]


def _is_safe(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _mask(text: str) -> str:
    return "".join("�" if unicodedata.category(c) in _DROPPED else c for c in text)
