"""The image table: references, digests, and what a node gets of them."""

import json
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from string import Template

import pytest

from infctl.lab import locate
from infctl.lab.images import environments, table

ENTRIES = {entry["name"]: entry for entry in table.read_entries()}
ECHO = "infctl.dev/echo"
PLACEHOLDERS = {"POD_ADDRESS", "POD_NAME", "POD_NAMESPACE", "NODE_NAME", "REGION", "CLOUD_ENDPOINT"}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_image_is_found_by_its_digest(name: str) -> None:
    reference = table.name_by_digest(ENTRIES[name])
    image = table.find(reference)
    assert image.reference == reference
    assert image.folder.is_dir()
    assert len(image.argv) == 3


def test_an_image_with_a_tag_is_found_by_it() -> None:
    assert table.find(f"{ECHO}:1").argv == table.find(table.name_by_digest(ENTRIES[ECHO])).argv


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "nginx:1.29",
        ECHO,
        f"{ECHO}:2",
        f"{ECHO}@sha256:{'0' * 64}",
        "infctl.dev/mlserver-onnx:latest",
        "../../etc/passwd",
    ],
)
def test_an_unknown_reference_is_refused_with_those_that_are_known(reference: str) -> None:
    with pytest.raises(KeyError, match=r"infctl\.dev/echo:1"):
        table.find(reference)


@pytest.mark.parametrize("name", ENTRIES)
def test_variables_hold_only_what_a_node_fills_in(name: str) -> None:
    for value in ENTRIES[name]["variables"].values():
        assert set(Template(value).get_identifiers()) <= PLACEHOLDERS


def test_any_change_of_what_makes_an_image_changes_its_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "_HERE", tmp_path)
    entry = {"name": "x", "folder": "x", "requirements": "r.txt"}
    folder = tmp_path / "x"
    folder.mkdir()
    seen = {table.name_by_digest(entry)}
    for name, content in (
        ("a.py", ""),
        ("a.py", "1"),
        ("b.py", ""),
        ("r.txt", "pinned"),
        ("c/d.py", ""),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
        seen.add(table.name_by_digest(entry))
    seen.add(table.name_by_digest(entry | {"module": "y"}))
    assert len(seen) == 7
    # What Python leaves beside its sources is no part of an image.
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").write_text("")
    assert table.name_by_digest(entry | {"module": "y"}) in seen


def test_an_image_whose_environment_is_not_built_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    image = table.image_of(ENTRIES["infctl.dev/mlserver-onnx"])
    assert "infctl lab fetch" in image.missing()
    python = Path(image.argv[0])
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    # Half a build is none.
    assert "infctl lab fetch" in image.missing()
    environments.mark_whole(python.parent.parent)
    assert image.missing() == ""


def test_the_echo_image_says_a_line_answers_and_ends(tmp_path: Path) -> None:
    number, claim = locate.claim_number()
    address, output = f"127.{number}.1.64", tmp_path / "log"
    image = table.find(f"{ECHO}:1")
    filled = {"POD_ADDRESS": address, "POD_NAMESPACE": "demo", "POD_NAME": "one"}
    variables = {k: Template(v).substitute(filled) for k, v in image.environment.items()}
    with claim, output.open("wb") as file:
        process = subprocess.Popen(
            image.argv, cwd=image.folder, env=variables, stdout=file, stderr=file
        )
        try:
            end = time.monotonic() + 20
            while b"listens" not in output.read_bytes():
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.01)
            connection = HTTPConnection(address, 8080, timeout=5)
            connection.request("GET", "/some/path")
            answer = json.loads(connection.getresponse().read())
            connection.close()
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait(10)
    assert answer == {"name": "demo/one", "path": "/some/path"}
    assert output.read_text().splitlines() == [
        f"echo: demo/one listens on {address}:8080",
        "echo: ended",
    ]
