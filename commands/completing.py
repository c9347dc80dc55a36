"""Completes a half-typed line, for every TAB: no Typer, no network, a tenth of a second.

The commands come from a tree that is kept in the cache (`completion_tree`), the names of regions,
environments and runs from this machine's own files (`completion_values`).
"""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from infctl.commands.completion_values import values_of

Tree = Mapping[str, Any]
_SAFE = re.compile(r"[A-Za-z0-9_.,=-]+")
"""What may stand in an answer: shells evaluate it."""
_UNSAFE_IN_HELP = re.compile(r"[^A-Za-z0-9 ,.-]")


class Line(NamedTuple):
    """What was typed: the command it names, its words, the option that waits for a value."""

    node: Tree
    arguments: tuple[str, ...]
    options: Mapping[str, str]
    pending: str


def complete(tree: Tree, words: Sequence[str], current: str) -> list[tuple[str, str]]:
    """What `current` may become behind these words, each with a line of help, maybe empty."""
    line = _read(tree, words)
    option, equals, value = current.partition("=")
    if line.pending:
        return _values(line, line.node["options"][line.pending], current)
    if equals and option in line.node["options"]:
        found = _values(line, line.node["options"][option], value)
        return [(f"{option}={name}", help_text) for name, help_text in found]
    if current.startswith("-"):
        options = line.node["options"].items()
        return [(o, d["help"]) for o, d in options if o[:2] == "--" and o.startswith(current)]
    if line.node["verbs"]:
        verbs = line.node["verbs"].items()
        is_known = not line.arguments
        return [(n, v["help"]) for n, v in verbs if is_known and n.startswith(current)]
    wanted = line.node["arguments"][len(line.arguments) : len(line.arguments) + 1]
    return [found for one in wanted for found in _values(line, one, current)]


def _read(tree: Tree, words: Sequence[str]) -> Line:
    node, pending = tree, ""
    arguments: list[str] = []
    options: dict[str, str] = {}
    for word in words:
        if word == "=":
            # Bash takes --region=eu apart.
            continue
        name, equals, value = word.partition("=")
        if pending:
            options[pending], pending = word, ""
        elif name in node["options"]:
            takes_value = node["options"][name]["takes_value"]
            options[name], pending = value, name if takes_value and not equals else ""
        elif word in node["verbs"]:
            node, arguments = node["verbs"][word], []
        else:
            arguments.append(word)
    return Line(node, tuple(arguments), options, pending)


def _values(line: Line, parameter: Tree, current: str) -> list[tuple[str, str]]:
    *whole, last = current.split(",") if parameter["list"] else [current]
    before = "".join(f"{word}," for word in whole)
    known = parameter["choices"] or values_of(parameter["kind"], line.arguments, line.options)
    return [(before + name, "") for name in known if name.startswith(last) and name not in whole]


def answer(environment: Mapping[str, str]) -> str | None:
    """What the shell's completion script prints; None for a shell that this file does not serve."""
    from infctl.commands.completion_tree import read_tree

    shell = environment.get("_INFCTL_COMPLETE", "").removeprefix("complete_")
    if shell not in ("bash", "zsh", "fish"):
        return None
    words, current = _bash(environment) if shell == "bash" else _line(environment)
    found = [f for f in complete(read_tree(), words, current) if _SAFE.fullmatch(f[0])]
    if shell == "bash":
        # Bash replaces only what stands behind the =.
        cut = current.rfind("=") + 1 if current.startswith("-") else 0
        return "\n".join(name[cut:] for name, _ in found)
    if shell == "fish":
        return _fish(found, environment.get("_TYPER_COMPLETE_FISH_ACTION", ""))
    rows = "\n".join(f'"{name}":"{_plain(text) or name}"' for name, text in found)
    return f"_arguments '*: :(({rows}))'" if found else "_files"


def _fish(found: Sequence[tuple[str, str]], action: str) -> str:
    if action == "is-args":
        # By its exit code fish decides between these and files.
        raise SystemExit(0 if found else 1)
    return "\n".join(f"{name}\t{_plain(text)}".rstrip() for name, text in found)


def _plain(text: str) -> str:
    return _UNSAFE_IN_HELP.sub("", text)


def _bash(environment: Mapping[str, str]) -> tuple[list[str], str]:
    words = _split(environment.get("COMP_WORDS", ""))
    given = environment.get("COMP_CWORD", "")
    index = int(given) if given.isdigit() else len(words)
    current = words[index] if index < len(words) else ""
    return words[1:index], "" if current == "=" else current


def _line(environment: Mapping[str, str]) -> tuple[list[str], str]:
    typed = environment.get("_TYPER_COMPLETE_ARGS", "")
    words = _split(typed)[1:]
    if words and not typed.endswith(" "):
        return words[:-1], words[-1]
    return words, ""


def _split(typed: str) -> list[str]:
    try:
        return shlex.split(typed)
    except ValueError:
        # A quote that is still open.
        return typed.split()


def run() -> bool:
    """Answer the shell, if it is one that asks; nothing of this may ever break a prompt."""
    if "_INFCTL_COMPLETE" not in os.environ:
        return False
    try:
        text = answer(os.environ)
    except Exception:
        return True
    if text:
        print(text)
    return text is not None
