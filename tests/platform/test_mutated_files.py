"""Row B36: 200 mutated files, no traceback: each loads or is refused with its place."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from infctl.errors import ConfigurationError
from infctl.platform import load

_PIECES = ["[", "]", "{", "}", ":", "- ", "\n", "  ", "&a ", "*a", "!x ", "null", "NO", "1e9", "-1"]
_PIECES += ["\t", '"', "'", "#", "|", ">", "%", "\u202e", "\x07", "0123", "99999999999999999999"]


def _mutate(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text))
        kind = chance.randrange(4)
        if kind == 0:
            text = text[:start] + text[start + chance.randint(1, 40) :]
        elif kind == 1:
            text = text[:start] + chance.choice(_PIECES) + text[start:]
        elif kind == 2:
            lines = text.split("\n")
            lines.insert(chance.randrange(len(lines)), chance.choice(lines))
            text = "\n".join(lines)
        else:
            lines = text.split("\n")
            chance.shuffle(lines)
            text = "\n".join(lines) if chance.random() < 0.1 else text
    return text


@pytest.mark.parametrize("seed", range(10))
def test_mutated_files_load_or_are_refused_at_their_place(
    seed: int, write: Callable[..., Path]
) -> None:
    chance = random.Random(seed)
    path = write()
    original = path.read_text()
    answers = [_answer(path, _mutate(original, chance)) for _ in range(20)]
    assert all(answer == "" or answer.startswith(f"{path}:") for answer in answers)
    assert any(answers)


def _answer(path: Path, text: str) -> str:
    path.write_text(text)
    try:
        load(path)
    except ConfigurationError as error:
        return error.what
    return ""
