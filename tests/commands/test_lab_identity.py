"""`infctl lab users` and `token` as a user types them: a toy lab with the real issuer."""

import asyncio
import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infctl.commands import lab as lab_command
from infctl.commands.run import run
from infctl.lab import addresses, lifecycle, locate, processes, spec
from infctl.lab.identity import parts, people
from infctl.lab.supervisor.service import register_path

TOY = Path(__file__).parents[1] / "lab" / "supervisor" / "toy_supervisor.py"
DEADLINE = 40.0


@pytest.fixture(scope="module")
def lab() -> Iterator[spec.Lab]:
    """A lab that is up, of toy parts, and its issuer beside it."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setenv("XDG_STATE_HOME", folder)
        patch.chdir(folder)
        patch.setattr(lifecycle, "PROGRAM", (sys.executable, str(TOY)))
        patch.setattr(lab_command, "provide_programs", lambda: None)
        patch.setattr(addresses, "FIRST_LAB", 140)
        assert run(["lab", "up", "--regions", "1"]) == 0
        found = spec.load(locate.state_of("lab"))
        (part,) = parts(found)
        process = subprocess.Popen(part.argv, env=dict(part.environment))
        try:
            end = time.monotonic() + DEADLINE
            while reason := asyncio.run(_ask(part)):
                assert time.monotonic() < end, reason
                time.sleep(0.05)
            yield found
        finally:
            process.kill()
            process.wait()
            assert run(["lab", "down"]) == 0
            processes.kill(processes.read_register(register_path(found.state)).values())


async def _ask(part: Any) -> str:
    return str(await part.ready())


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


def test_users_are_listed_without_their_secrets(
    lab: spec.Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lab", "users"]) == 0
    table = capsys.readouterr().out
    assert "on-call" in table
    assert run(["lab", "users", "-o", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["items"]
    assert [row["name"] for row in rows if row["may_elevate"]] == ["on-call"]
    for person in people.read(lab).values():
        assert person.password not in table + json.dumps(rows)
    assert "totp_secret" not in rows[0]


def test_secrets_are_shown_to_whoever_asks_for_them(
    lab: spec.Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lab", "users", "--show-secrets", "-o", "json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["items"]}
    assert rows["on-call"]["totp_secret"] == people.read(lab)["on-call"].factor
    assert rows["viewer"]["totp_secret"] is None


def test_a_token_is_one_line_and_says_who(
    lab: spec.Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lab", "token", "viewer"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    found = claims(out)
    assert (found["sub"], found["amr"], found["exp"] - found["iat"]) == ("viewer", ["pwd"], 3600)


def test_an_elevated_token_is_kubectls_exec_credential(
    lab: spec.Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lab", "token", "on-call", "--otp", "--elevated", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["apiVersion"], found["kind"]) == (
        "client.authentication.k8s.io/v1",
        "ExecCredential",
    )
    said = claims(found["status"]["token"])
    assert (said["amr"], said["exp"] - said["iat"]) == (["pwd", "otp"], 900)
    assert found["status"]["expirationTimestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (["token", "nobody"], 1, "one of: viewer, operator"),
        (["token", "viewer", "--otp"], 1, "viewer has no second factor"),
        (["token", "on-call", "--elevated"], 2, "add --otp"),
        (["token", "on-call", "--otp", "--totp", "123456"], 2, "two ways"),
        (["token", "second-operator", "--totp", "000000"], 1, "the issuer refuses"),
        (["token", "operator", "--otp", "--elevated"], 1, "elevation is not theirs"),
        (["token", "viewer", "--name", "none"], 6, "there is no lab none"),
        (["users", "--name", "../up"], 2, "no name of a lab"),
        (["token", "\x1b[2J"], 1, "there is no user"),
    ],
)
def test_what_is_refused_is_told_in_a_sentence(
    lab: spec.Lab, capsys: pytest.CaptureFixture[str], words: list[str], code: int, what: str
) -> None:
    assert run(["lab", *words]) == code
    told = capsys.readouterr()
    assert what in told.err
    assert told.out == ""
    assert "\x1b" not in told.err
