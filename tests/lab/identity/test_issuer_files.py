"""The issuer's files: made once, the owner's alone, and judged when they are read."""

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from running_issuer import make_lab

from infctl.lab.errors import LabError
from infctl.lab.identity import files, people, prepare, settings
from infctl.lab.identity.people import read


def test_people_and_secrets_are_made_once_and_differ(tmp_path: Path) -> None:
    lab = make_lab(tmp_path / "one")
    first = read(lab)
    prepare(lab)
    assert read(lab) == first
    assert set(first) == {"viewer", "operator", "second-operator", "on-call"}
    others = read(make_lab(tmp_path / "two"))
    secrets = [p.password for p in (*first.values(), *others.values())]
    assert len(set(secrets)) == len(secrets)
    assert [name for name, person in first.items() if person.may_elevate] == ["on-call"]
    assert not first["viewer"].factor


def test_files_with_secrets_of_the_issuer_are_the_owners_alone(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    for path in (people.path(lab), lab.ca.parent / "identity.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.folder(lab).stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "content",
    [{}, [{"name": "x"}], [1], [{"name": "x", "groups": [], "password": "p", "factor": "1"}]],
)
def test_people_that_cannot_be_read_are_named_with_their_file(tmp_path: Path, content: Any) -> None:
    lab = make_lab(tmp_path)
    people.path(lab).write_text(json.dumps(content))
    if content == {}:
        assert read(lab) == {}
        return
    with pytest.raises(LabError, match=r"people\.json"):
        read(lab)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"elevated": 901}, "at most 900"),
        ({"token": 900}, "more than 900"),
        ({"token": 0}, "whole number"),
        ({"token": "3600"}, "whole number"),
        ({"token": True}, "whole number"),
        ({"tokens": 3600}, "the names are"),
    ],
)
def test_lives_that_would_blur_what_is_elevated_are_refused(
    tmp_path: Path, change: dict[str, Any], what: str
) -> None:
    lab = make_lab(tmp_path)
    found = json.loads(settings.path(lab).read_text())
    settings.path(lab).write_text(json.dumps({**found, **change}))
    with pytest.raises(LabError, match=what):
        settings.read(lab)


def test_an_issuer_that_cannot_start_says_why_in_a_sentence(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    lab.save()
    people.path(lab).write_text("[1]")
    words = [sys.executable, "-m", "infctl.lab.identity", "--state", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "is no list of people" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["", "{", "\xff"])
def test_a_broken_file_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    lab = make_lab(tmp_path)
    settings.path(lab).write_text(text, encoding="latin-1")
    with pytest.raises(LabError) as caught:
        settings.read(lab)
    assert str(settings.path(lab)) in caught.value.what
    assert "remove it" in caught.value.hint
