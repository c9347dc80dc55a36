"""Row C11 of the reliability catalogue: no hostile file is accepted, none takes long or crashes."""

import os
import time
from pathlib import Path

import pytest

from infctl.errors import ConfigurationError, Exit
from infctl.platform import lint, load

BOMB = "a: &a [x, x]\n" + "".join(
    f"{n}: &{n} [*{p}, *{p}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
)
FILES: dict[str, str | bytes] = {
    "a python object": '!!python/object/apply:os.system ["id"]',
    "a python name": "kind: !!python/name:os.system",
    "a local tag": "kind: !secret x",
    "a plain tag": "kind: !!str Platform",
    "a non-specific tag": "kind: ! Platform",
    "an alias bomb": BOMB,
    "an alias": "a: &x 1\nb: *x",
    "an anchor alone": "kind: &x Platform",
    "an alias to nothing": "a: *nowhere",
    "an anchor on a mapping": "service: &s {name: vision}",
    "a self-reference": "&a [*a]",
    "a merge key": "service:\n  <<: *a",
    "a merge key without alias": "service:\n  <<: {name: vision}",
    "a quoted merge key": 'service:\n  "<<": {name: vision}',
    "duplicate keys": "approve: false\napprove: true",
    "duplicate keys, quoted": "kind: Platform\n'kind': Other",
    "duplicate keys, deep": "service: {sla: {availability: 1%, availability: 99%}}",
    "a boolean for a region": "region: NO",
    "an octal number": "id: 0123",
    "an octal of YAML 1.2": "id: 0o17",
    "a hexadecimal number": "id: 0xff",
    "a number with underscores": "service: {port: 8_080}",
    "a number that overflows": "service: {sla: {accuracy_floor: 12e999}}",
    "an infinity": "service: {sla: {accuracy_floor: .inf}}",
    "not a number": "service: {sla: {accuracy_floor: .nan}}",
    "a huge number": "service: {port: " + "9" * 5000 + "}",
    "a large integer": "service: {port: " + "9" * 39 + "}",
    "three thousand brackets": "[" * 3000,
    "three thousand braces": "{a: " * 3000,
    "three thousand levels of blocks": "".join(" " * n + "a:\n" for n in range(300)),
    "three thousand dashes": "- " * 3000,
    "a file too large": "# " + "x" * 300_000,
    "too many values": "[" + "a," * 50_000 + "]",
    "many keys": "\n".join(f"k{n}: 1" for n in range(20_000)),
    "a complex key": "? {a: b}\n: c",
    "a list as key": "? [a]\n: c",
    "an empty key": ": x",
    "two documents": "kind: Platform\n---\nkind: Platform",
    "a directive": "%YAML 1.1\n---\nkind: Platform",
    "a tag directive": "%TAG ! tag:evil,2000:\n---\nkind: !x Platform",
    "nothing": "",
    "only a comment": "# nothing",
    "only a null": "~",
    "a list": "- kind: Platform",
    "a string": "Platform",
    "a tab": "service:\n\tname: vision",
    "an open quote": 'kind: "Platform',
    "an open list": "regions: [a, b",
    "a NUL": b"kind: Plat\x00form",
    "not UTF-8": b"kind: \xff\xfe",
    "UTF-16": "kind: Platform".encode("utf-16"),
    "an escape sequence": b"kind: \x1b]52;c;AA\x07",
    "an escape in a key": '"\\e]0;x\\a": 1',
    "line breaks in a key": '"a\\nerror: all is well\\nb": 1',
    "a bidi override": "kind: \u202emroftalP",
    "a region with a trailing newline": 'regions: [{name: "eu\\n", country: US, residency: us}]',
    "a region like an option": "regions: [{name: -rf, country: US, residency: us}]",
    "a region like a path": "regions: [{name: ../../x, country: US, residency: us}]",
    "a look-alike region": "regions: [{name: eu-w\u0435st-1, country: US, residency: us}]",
    "null everywhere": "apiVersion:\nkind:\nservice:\nregions:\nmodels:\nenvironments:\n",
    "lists for mappings": "service: []\nregions: {}\nmodels: x\nenvironments: []\n",
    "environments of scalars": "default_environment: a\nenvironments: {a: 1, b: [x]}\n",
}


@pytest.fixture(scope="module", autouse=True)
def _imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Imports are not what is measured."""
    path = tmp_path_factory.mktemp("first") / "platform.yaml"
    path.write_text("kind: Platform")
    lint(path)


BOUND = 0.1 if os.environ.get("INFCTL_WHOLE") else 0.2
"""Seconds of computing until the refusal; with others on the same cores each takes longer."""


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_at_its_place(name: str, tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    content = FILES[name]
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    seconds = []
    for _ in range(3):
        started = time.process_time()
        with pytest.raises(ConfigurationError) as caught:
            load(path)
        seconds.append(time.process_time() - started)
        if seconds[-1] <= BOUND:
            break
    # Others on the machine may slow one of them.
    assert min(seconds) <= BOUND
    assert caught.value.exit_code == Exit.CONFIGURATION
    lines = caught.value.what.splitlines()
    assert all(line.startswith((f"{path}:", "and ")) for line in lines), lines
    assert "\x1b" not in caught.value.what


@pytest.mark.parametrize("name", FILES)
def test_lint_says_of_a_hostile_file_what_load_says(name: str, tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    content = FILES[name]
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert lint(path)


def test_only_files_are_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, tmp_path / "missing"):
        with pytest.raises(ConfigurationError):
            load(path)
