"""Makes the mutants: a copy of the sources in which each function has all its changed versions."""

import difflib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mutmut.configuration import config
from mutmut.mutation.data import LineSpan
from mutmut.mutation.file_mutation import MutatedFile, mutate_file_contents

SOURCES = Path("mutants/src")
_MARK = "  # type: ignore # mutmut generated"
_NAME = re.compile(r"xǁ(\w+)ǁ|x_")
_NUMBER = re.compile(r"__mutmut_(orig|\d+)")
_TEXT = re.compile(r"""(["'])((?:\\.|(?!\1).)*)\1""")


@dataclass(frozen=True)
class Mutant:
    """One change: `name` as mutmut has it, and the lines that differ."""

    name: str
    module: str
    difference: str

    @property
    def function(self) -> str:
        """The function that is changed, as mutmut's record of calls names it."""
        return self.name.rpartition("__mutmut_")[0]


def make(root: Path, modules: list[str]) -> tuple[list[Mutant], int]:
    """Write the copy; returns the mutants in order, and how many were left out."""
    shutil.rmtree(root / SOURCES, ignore_errors=True)
    shutil.copytree(root / "src", root / SOURCES, ignore=shutil.ignore_patterns("__pycache__"))
    found: list[Mutant] = []
    for pattern in config().only_mutate:
        for path in sorted(root.glob(pattern)):
            relative = path.relative_to(root)
            changed = mutate_file_contents(str(relative), path.read_text())
            (root / "mutants" / relative).write_text(changed.code)
            module = ".".join(relative.with_suffix("").parts[1:])
            found += _mutants_of(module.removesuffix(".__init__"), changed)
    wanted = tuple(f"infctl.{module}" for module in modules)
    named = [m for m in found if not wanted or m.module.startswith(wanted)]
    kept = [m for m in named if not is_spelling(m.difference)]
    return kept, len(named) - len(kept)


def is_spelling(difference: str) -> bool:
    """Whether a change only spells a text for people otherwise: one with a blank in it."""
    lines = [line for line in difference.splitlines() if line[:1] in "+-"]
    if len(lines) != 2:
        return False
    old, new = ([m[2] for m in _TEXT.finditer(line)] for line in lines)
    if _TEXT.sub("", lines[0])[1:] != _TEXT.sub("", lines[1])[1:] or len(old) != len(new):
        return False
    other = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    return len(other) == 1 and " " in other[0][0].strip()


def _mutants_of(module: str, changed: MutatedFile) -> Iterator[Mutant]:
    lines = changed.code.splitlines()
    spans = changed.line_span_by_function_name
    for name in changed.mutant_names:
        original = f"{name.rpartition('__mutmut_')[0]}__mutmut_orig"
        before, after = (_plain(lines, spans[n]) for n in (original, name))
        difference = difflib.unified_diff(before, after, n=0, lineterm="")
        shown = [line for line in difference if not line.startswith(("---", "+++", "@@"))]
        yield Mutant(f"{module}.{name}", module, "".join(f"{line}\n" for line in shown))


def _plain(lines: list[str], span: LineSpan) -> list[str]:
    """A function's lines without what mutmut made of its name."""
    found = lines[span.start - 1 : span.end]
    return [_NUMBER.sub("", _NAME.sub("", line.removesuffix(_MARK))) for line in found]
