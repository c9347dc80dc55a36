"""Outside text reaches no terminal raw."""

import sys
import unicodedata

import pytest

from infctl.model.text import Secret, clean

HOSTILE = [
    "\x1b]52;c;Y3VybCBldmlsfHNo\x07",
    "\x1b[2J\x1b[1;1HAll regions healthy",
    "\x1b]8;;http://evil\x1b\\ok",
    "\x9b2J",
    "\x1b[6n",
    "ok\u2028forged line",
    "\u202e1-tsew-ue",
    "prod\u200b",
    "\U000e0041tag",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_control_or_format_character_passes(text: str) -> None:
    shown = clean(text)
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}]


def test_every_control_and_format_code_point_becomes_visible() -> None:
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)) in {"Cc", "Cf"}:
            assert clean(chr(code)) == f"\\u{{{code:x}}}"


def test_newlines_pass_only_where_allowed() -> None:
    assert clean("a\nb", newlines=True) == "a\nb"
    assert clean("a\nb") == "a\\u{a}b"


def test_long_text_is_cut_and_says_so() -> None:
    assert clean("x" * 10_000, limit=10) == "x" * 10 + "…"


def test_piled_up_combining_marks_are_dropped() -> None:
    assert len(clean("a" + "\u0301" * 1000)) <= 5


def test_markup_is_left_as_it_is_because_it_is_no_danger_as_text() -> None:
    assert clean("pod[/b]x") == "pod[/b]x"


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("AKIAIOSFODNN7EXAMPLE")
    assert "AKIA" not in f"{secret} {secret!r}"
    assert secret.reveal() == "AKIAIOSFODNN7EXAMPLE"
