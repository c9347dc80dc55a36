"""What the documents tell people to type exists, and what they link to is there."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "docs/decisions/*.md")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md"
)
ROOT_FLAGS = {"--platform", "--env", "--color", "--help", "-h"}
_CODE = re.compile(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
_TARGET = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


@lru_cache
def commands() -> dict[str, dict[str, Any]]:
    """Every command by its words, with its flags."""
    argv = (sys.executable, "-m", "infctl", "commands", "-o", "json")
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    return {item["name"]: item for item in json.loads(done.stdout)["items"]}


def typed(text: str) -> Iterator[list[str]]:
    """The words of every line of code that starts infctl, up to a comment, pipe or redirection."""
    for block, inline in _CODE.findall(text):
        for line in (block or inline).splitlines():
            words = re.split(r"\s#|[|;<>()]|&&", line.strip().removeprefix("$ "))[0].split()
            if words[:1] == ["infctl"]:
                yield words[1:]


def problem(words: list[str]) -> str:
    """Why nobody could type this; "" where they could. Words in capitals stand for values."""
    given = {w.split("=")[0].strip("[]") for w in words if w.lstrip("[").startswith("-")}
    while words and words[0] in ("--env", "--platform", "--color"):
        words = words[2:]
    plain = [w for w in words if re.fullmatch(r"[a-z][a-z-]*", w)]
    names = [" ".join(plain[:n]) for n in (3, 2, 1)]
    groups = {name.split()[0] for name in commands()}
    found = next((commands()[name] for name in names if name in commands()), None)
    if found is None:
        is_group = len(words) <= 1 and (not words or words[0] in groups or words[0] in ROOT_FLAGS)
        return "" if is_group else "there is no such command"
    unknown = given - set(found["flags"]) - ROOT_FLAGS
    return f"no such flag: {', '.join(sorted(unknown))}" if unknown else ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_is_to_be_typed_exists(document: Path) -> None:
    lines = list(typed(document.read_text()))
    assert [(" ".join(w), told) for w in lines if (told := problem(w))] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = [t for t in _TARGET.findall(document.read_text()) if "://" not in t]
    assert [t for t in targets if not (document.parent / t).exists()] == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("infctl deploy plan --region eu-west-1", ""),
        ("infctl --env prod deploy apply --yes", ""),
        ("infctl lab", ""),
        ("infctl failover eu-west-1 --confirm=eu-west-1", ""),
        ("infctl deploy plan --quickly", "no such flag: --quickly"),
        ("infctl evict eu-west-1", "there is no such command"),
        ("infctl lab explode", "there is no such command"),
    ],
)
def test_wrong_commands_would_be_found(line: str, expected: str) -> None:
    assert problem(line.split()[1:]) == expected
