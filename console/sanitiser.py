"""The last wall: no control, format or bidi character of any widget reaches the terminal."""

import unicodedata

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


class TerminalFilter(LineFilter):
    """Drops what `model.text.clean` would have made visible, wherever it came from.

    Such characters are no cells wide, so the columns of a line stay where they are.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, their text made safe."""
        del background
        return [
            segment if _is_safe(segment.text) else Segment(_mask(segment.text), *segment[1:])
            for segment in segments
        ]


def _is_safe(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _mask(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in _DROPPED)
