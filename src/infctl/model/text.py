"""Text from outside: it stays `Untrusted` until the one sanitiser has seen it."""

import unicodedata
from dataclasses import dataclass
from typing import NewType

Untrusted = NewType("Untrusted", str)

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_MAX_COMBINING = 3


def clean(text: str, *, limit: int = 4096, newlines: bool = False) -> str:
    """Make outside text safe to show: no control, format or bidi characters reach a terminal.

    Characters of the categories Cc, Cf, Cs, Co, Zl and Zp become a visible `\\u{..}`; more than
    three combining marks in a row are dropped; longer text is cut and says so.
    """
    shown: list[str] = []
    combining = 0
    cut = text[: limit * 4]
    for character in unicodedata.normalize("NFC", cut):
        combining = combining + 1 if unicodedata.combining(character) else 0
        if combining > _MAX_COMBINING:
            continue
        if unicodedata.category(character) in _DROPPED and not (newlines and character == "\n"):
            shown.append(f"\\u{{{ord(character):x}}}")
        else:
            shown.append(character)
    result = "".join(shown)
    if len(result) > limit or len(text) > len(cut):
        return result[:limit] + "…"
    return result


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that never shows itself; `reveal()` is the one way to it."""

    _value: str

    def reveal(self) -> str:
        """The secret itself, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__
