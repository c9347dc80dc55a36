"""Rooms stay small, and nothing of a machine is committed."""

import ast
import re
import statistics
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("console", "commands", "runbooks", "drills")
SOURCES = sorted(
    path
    for folder in ("src/infctl", *FOLDERS)
    for path in (ROOT / folder).rglob("*.py")
    if not any(parent.is_symlink() for parent in path.parents)
)


def lines(path: Path) -> int:
    return path.read_text().count("\n")


def functions(path: Path) -> list[tuple[str, int]]:
    found = ast.walk(ast.parse(path.read_text()))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(n.name, (n.end_lineno or 0) - n.lineno + 1) for n in found if isinstance(n, kinds)]


def test_no_file_is_longer_than_350_lines_and_the_median_is_at_most_100() -> None:
    assert [str(p) for p in SOURCES if lines(p) > 350] == []
    assert statistics.median(lines(p) for p in SOURCES) <= 100


def test_no_function_is_longer_than_50_lines_and_the_median_is_at_most_10() -> None:
    sizes = [(str(p), name, size) for p in SOURCES for name, size in functions(p)]
    assert [entry for entry in sizes if entry[2] > 50] == []
    assert statistics.median(size for _, _, size in sizes) <= 10


def dumps(path: Path) -> bool:
    """Whether the file writes anything but JSON by a method named dump."""
    calls = [n.func for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
    writing = [f for f in calls if isinstance(f, ast.Attribute) and f.attr in {"dump", "dump_all"}]
    return any(not (isinstance(f.value, ast.Name) and f.value.id == "json") for f in writing)


def test_one_module_alone_writes_yaml() -> None:
    assert [p.name for p in SOURCES if dumps(p)] == ["yaml_writer.py"]


def test_no_registry_and_no_path_of_a_machine_is_committed() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    hosts = ("pythonho" + "sted", "py" + r"pi\.org", r"registry\.np" + "mjs", r"proxy\.gol" + "ang")
    pattern = re.compile("|".join((*hosts, "/ro" + "ot/", "/ho" + "me/[a-z]")))
    hits = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 2_000_000:
            hits += [
                name
                for line in path.read_text(errors="replace").splitlines()
                if pattern.search(line)
            ]
    assert hits == []
