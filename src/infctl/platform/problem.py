"""What is wrong with a file, and where."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from infctl.errors import ConfigurationError
from infctl.model.text import clean

_SHOWN = 20


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file; line and column start at 1."""

    line: int
    column: int
    message: str
    file: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class FileProblem(Exception):
    """Raised where reading cannot go on; carries the one problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def quote(text: object) -> str:
    """Text from a file, safe and short enough for a message."""
    return f"`{clean(str(text), limit=60)}`"


def as_error(problems: Iterable[Problem]) -> ConfigurationError:
    """All problems of a file as one error, in the order of the file."""
    ordered = sorted(problems)
    lines = [str(problem) for problem in ordered[:_SHOWN]]
    if len(ordered) > _SHOWN:
        lines.append(f"and {len(ordered) - _SHOWN} more")
    return ConfigurationError(
        "\n".join(lines),
        hint=f"infctl config lint {shlex.quote(ordered[0].file)}",
        unchanged="nothing was changed",
    )
