"""What TAB offers: from this machine's files alone, at once, and nothing that a shell would run."""

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infctl.commands.index import COMMANDS

RUN = "01k8aaaaaaaaaaaaaaaaaaaaaa"
BASH = shutil.which("bash")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with an environment and a run, and a cache with the tree."""
    home = tmp_path_factory.mktemp("home")
    state = home / "state" / "infctl"
    (state / "environments").mkdir(parents=True)
    regions: dict[str, object] = {"eu-west-1": {}, "us-east-1": {}, "$(touch x)": {}}
    (state / "environments" / "lab.json").write_text(json.dumps({"regions": regions}))
    (state / "environments" / "broken.json").write_text("{")
    (state / "runs" / RUN).mkdir(parents=True)
    (state / "runs" / "no-run").mkdir()
    plan = {"plan": {"steps": [{"id": "switch-off"}, {"id": "verify"}, 7]}}
    (state / "runs" / RUN / "plan.json").write_text(json.dumps(plan))
    ask(home, "infctl ")
    return home


def ask(home: Path, line: str, shell: str = "bash", **more: str) -> list[str]:
    words = line.split(" ")
    done = subprocess.run(
        [sys.executable, "-m", "infctl"],
        capture_output=True,
        text=True,
        timeout=60,
        env={
            **{k: v for k, v in os.environ.items() if k != "INFCTL_ENV"},
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "_INFCTL_COMPLETE": f"complete_{shell}",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
            "_TYPER_COMPLETE_ARGS": line,
            **more,
        },
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("infctl fail", ["failover"]),
        ("infctl runs show ", ["latest", RUN]),
        ("infctl runs show 01k8", [RUN]),
        ("infctl runs show latest ", []),
        (f"infctl runs skip {RUN} --step ", ["switch-off", "verify"]),
        ("infctl runs skip --step v", ["verify"]),
        ("infctl failover ", ["eu-west-1", "us-east-1"]),
        ("infctl --env lab failover e", ["eu-west-1"]),
        ("infctl --env broken failover ", []),
        ("infctl --env ../runs failover ", []),
        ("infctl --env ", ["broken", "lab"]),
        ("infctl failover eu-west-1 --break-glass cap", ["capacity"]),
        ("infctl restore eu-west-1 --break-glass cap", ["capacity"]),
        ("infctl failover eu-west-1 --break-glass capacity,lo", ["capacity,lock"]),
        ("infctl failover eu-west-1 --confirm ", []),
        ("infctl drill failover --mode = o", ["operated"]),
        ("infctl status -o j", ["json", "jsonl"]),
        ("infctl runbook show f", ["failover"]),
        ("infctl nosuch ", []),
        ("infctl 'open ", []),
    ],
)
def test_bash_is_offered_what_may_stand_there(home: Path, line: str, offered: list[str]) -> None:
    assert ask(home, line) == offered


def test_every_command_is_offered(home: Path) -> None:
    assert ask(home, "infctl ") == list(COMMANDS)


def test_zsh_and_fish_are_answered_in_their_own_words(home: Path) -> None:
    zsh = ask(home, "infctl drill failover --mode=o", "zsh")
    assert zsh == ["""_arguments '*: :(("--mode=operated":"--mode=operated"))'"""]
    assert ask(home, "infctl nosuch x ", "zsh") == ["_files"]
    fish = ask(home, "infctl resto", "fish", _TYPER_COMPLETE_FISH_ACTION="get-args")
    assert fish == ["restore\tGive a region its traffic back."]


def test_names_that_a_shell_would_run_are_not_offered(home: Path) -> None:
    for shell in ("bash", "zsh"):
        assert "touch" not in "".join(ask(home, "infctl failover ", shell))


def test_an_answer_takes_a_tenth_of_a_second_and_neither_typer_nor_a_socket(home: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(5):
        ask(home, "infctl runs show ")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # Processor time: the machine may be busy with others.
    assert spent / 5 < 0.15
    code = (
        "import socket, sys; socket.socket.connect = None; from infctl.commands import completing;"
        "completing.run(); print('typer' in sys.modules, 'pydantic' in sys.modules)"
    )
    environment = {
        **os.environ,
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "_INFCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": "infctl failover ",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "False False"


@pytest.mark.skipif(BASH is None, reason="no bash here")
def test_the_script_completes_in_a_real_bash(home: Path) -> None:
    asked = (
        "source <(infctl completion bash);"
        "COMP_WORDS=(infctl failover eu); COMP_CWORD=2; _infctl_completion infctl;"
        'echo "${COMPREPLY[@]}"'
    )
    assert BASH is not None
    binaries = home / "bin"
    binaries.mkdir()
    script = binaries / "infctl"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m infctl "$@"\n')
    script.chmod(0o700)
    done = subprocess.run(
        [BASH, "-c", asked],
        capture_output=True,
        text=True,
        timeout=60,
        env={
            **os.environ,
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CACHE_HOME": str(home / "cache"),
        },
    )
    assert (done.stdout.strip(), done.stderr) == ("eu-west-1", "")


def test_a_cache_that_cannot_be_written_or_read_only_costs_time(home: Path, tmp_path: Path) -> None:
    (tmp_path / "infctl").write_text("a file where the folder should be")
    assert ask(home, "infctl fail", XDG_CACHE_HOME=str(tmp_path)) == ["failover"]
    (kept,) = (home / "cache" / "infctl" / "completion").glob("*.json")
    kept.write_text("{")
    assert ask(home, "infctl fail") == ["failover"]
