"""Row C9 of the reliability catalogue: what looks like an option or a shell stays an argument."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from infctl.clients import processes
from infctl.clients.command_runner import LARGEST, AllowedPrograms, Program, check_file
from infctl.engine.operations.run_command import RunCommand
from infctl.errors import ConfigurationError, Refused, Unreachable

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.executable).resolve()
STRINGS = [
    "--kubeconfig=./evil",
    "-oProxyCommand=sh",
    "-it",
    "--as=system:admin",
    "$(curl e|sh)",
    ";id",
    "`id`",
    "| id",
    "&& id",
    "> /tmp/x",
    "${AWS_SECRET_ACCESS_KEY}",
    "$HOME",
    "*",
    "~",
    "a b",
    "",
    "'",
    '"',
    "\\",
    "a\nb",
    "-",
    "--",
    "{a,b}",
    "!!",
    "\x1b]52;c;AA\x07",
    "ü\u202e",
    "%s%n",
]
SHOW = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]))"


@pytest.fixture
def runner(tmp_path: Path) -> AllowedPrograms:
    return AllowedPrograms({"python": Program(PYTHON)}, tmp_path / "work")


@pytest.mark.parametrize("word", STRINGS)
async def test_every_argument_arrives_as_it_stands_where_it_stands(
    runner: AllowedPrograms, word: str
) -> None:
    RunCommand().check({"program": "python", "arguments": ["a", word, "z"]})
    ended = await runner.run("python", ["-I", "-c", SHOW, "a", word, "z"], 20)
    assert ended.code == 0, ended.stderr
    assert json.loads(ended.stdout)[0] == ["a", word, "z"]


@pytest.mark.parametrize("word", [*STRINGS, "/bin/sh", "../python", "Python", "python\n"])
async def test_no_string_is_a_program(runner: AllowedPrograms, word: str) -> None:
    with pytest.raises(Refused, match="there is no program"):
        await runner.run(word, [], 5)
    with pytest.raises(ConfigurationError):
        RunCommand().check({"program": word, "arguments": []})


async def test_a_program_sees_nothing_of_our_environment_and_works_in_an_empty_folder(
    runner: AllowedPrograms, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    ended = await runner.run("python", ["-I", "-c", SHOW], 20)
    _, environment, folder = json.loads(ended.stdout)
    assert "canary" not in ended.stdout
    assert set(environment) <= {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "HOME", "TMPDIR"}
    assert Path(folder).parent == tmp_path / "work"
    assert list((tmp_path / "work").iterdir()) == []


async def test_a_deadline_ends_the_program_and_all_that_it_started(
    runner: AllowedPrograms,
) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-I', '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[1], 'w').write(str(child.pid)); time.sleep(600)"
    )
    noted = runner._base.parent / "pid"
    running = asyncio.create_task(runner.run("python", ["-I", "-c", code, str(noted)], 3))
    with pytest.raises(Unreachable, match="did not end within 3 s"):
        await running
    child = processes.find(int(_read(noted)))
    assert child is None or await processes.wait_gone([child], 10)


def _read(path: Path) -> str:
    return path.read_text()


async def test_a_program_finds_the_key_of_its_step(runner: AllowedPrograms) -> None:
    show = "import os; print(os.environ.get('INFCTL_IDEMPOTENCY_KEY', 'none'))"
    ended = await runner.run("python", ["-c", show], 30, "01run/s1")
    assert ended.stdout.strip() == "01run/s1"
    assert (await runner.run("python", ["-c", show], 30)).stdout.strip() == "none"


async def test_output_is_kept_up_to_a_bound_and_read_to_its_end(runner: AllowedPrograms) -> None:
    code = "import sys; sys.stdout.write('x' * 5_000_000); sys.stderr.write('y' * 5_000_000)"
    ended = await runner.run("python", ["-I", "-c", code], 20)
    assert (len(ended.stdout), len(ended.stderr)) == (LARGEST, LARGEST)
    assert ended.code == 0


def test_a_program_that_others_can_change_is_not_run(tmp_path: Path) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    program = open_folder / "tool"
    program.write_text("#!/bin/true\n")
    program.chmod(0o755)
    check_file(Program(program))
    with pytest.raises(Refused, match="digest"):
        check_file(Program(program, "0" * 64))
    program.chmod(0o757)
    with pytest.raises(Refused, match="can be changed by others"):
        check_file(Program(program))
    program.chmod(0o755)
    open_folder.chmod(0o777)
    with pytest.raises(Refused, match="can be changed by others"):
        check_file(Program(program))
    open_folder.chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(program)
    check_file(Program(link))
    program.chmod(0o4755)
    with pytest.raises(Refused, match="no plain file"):
        check_file(Program(program))
    with pytest.raises(Refused):
        check_file(Program(tmp_path / "missing"))


def test_nothing_in_the_tree_starts_a_shell() -> None:
    shells = re.compile(
        r"shell\s*=\s*True|os\.system\(|os\.popen\(|create_subprocess_shell|commands\.getoutput"
        r"|subprocess\.getoutput|subprocess\.getstatusoutput|pty\.spawn\("
    )
    folders = ("src", "commands", "console", "drills", "runbooks", "scripts")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for line in path.read_text().splitlines()
        if shells.search(line)
    ]
    assert found == []
