"""`infctl lab` as a user types it, over a supervisor of toy parts."""

import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infctl.commands import lab as lab_command
from infctl.commands.run import run
from infctl.lab import addresses, lifecycle, locate, processes, spec
from infctl.lab.supervisor.service import register_path

TOY = Path(__file__).parents[1] / "lab" / "supervisor" / "toy_supervisor.py"


@pytest.fixture(autouse=True)
def state_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    # A folder of pytest's own would be too long for a unix socket.
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_STATE_HOME", folder)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(lifecycle, "PROGRAM", (sys.executable, str(TOY)))
        monkeypatch.setattr(lab_command, "provide_programs", lambda: None)
        # Tests that run beside these take the first numbers; kept data wants its own again.
        monkeypatch.setattr(addresses, "FIRST_LAB", 120)
        yield Path(folder)
        for registered in Path(folder).glob("infctl/labs/*/processes.json"):
            processes.kill(processes.read_register(registered).values())


def state(home: Path, name: str = "lab") -> Path:
    return home / "infctl" / "labs" / name


def status(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["lab", "status", "-o", "json", *words]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_up_brings_the_default_regions_and_down_leaves_nothing(
    state_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lab", "up"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "eu-west-1: ready after" in told.err
    found = status(capsys)
    names = [item["name"] for item in found["items"]]
    assert names == ["api-us-east-1", "api-eu-west-1", "api-ap-south-1", "supervisor"]
    assert "NetworkPolicy" in found["metadata"]["notEnforced"][0]
    assert "silent for 10 s" in found["metadata"]["nodeLoss"]
    recorded = processes.read_register(register_path(state(state_home)))
    assert run(["lab", "down"]) == 0
    assert not any(processes.is_alive(p) for p in recorded.values())
    assert [p for p in state_home.rglob("*") if not p.is_dir()] == []


def test_the_environment_file_is_written_for_its_owner_alone_and_removed(state_home: Path) -> None:
    assert run(["lab", "up", "--regions", "1"]) == 0
    path = state_home / "infctl" / "environments" / "lab.json"
    assert path.stat().st_mode & 0o777 == 0o600
    written = json.loads(path.read_text())
    assert list(written["regions"]) == ["us-east-1"]
    assert written["faults"]["socket"] == str(state(state_home) / "admin.sock")
    assert run(["lab", "down"]) == 0
    assert not path.exists()


def test_regions_of_the_platform_that_the_lab_does_without_are_left_out(
    state_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init"]) == 0
    assert run(["lab", "up", "--regions", "2"]) == 0
    path = state_home / "infctl" / "environments" / "lab.json"
    assert json.loads(path.read_text())["left_out"] == ["ap-south-1"]
    capsys.readouterr()
    assert run(["failover", "ap-south-1", "--dry-run"]) == 2
    told = capsys.readouterr().err
    assert "lab is without ap-south-1" in told
    assert "one of: us-east-1, eu-west-1" in told
    assert run(["deploy", "render", "ap-south-1"]) == 0


def test_the_access_file_of_a_real_platform_is_never_overwritten(
    state_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = state_home / "infctl" / "environments" / "lab.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"kind": "Environment", "name": "lab"}')
    assert run(["lab", "up", "--regions", "1"]) == 1
    assert "says how a platform that is no lab is reached" in capsys.readouterr().err
    assert path.read_text() == '{"kind": "Environment", "name": "lab"}'


def test_a_lab_takes_no_name_of_production(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init"]) == 0
    assert run(["lab", "up", "--name", "prod"]) == 2
    assert "prod is an environment of class prod" in capsys.readouterr().err


def test_a_lab_that_was_named_by_its_environment_comes_up_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init"]) == 0
    monkeypatch.setenv("INFCTL_ENV", "blue")
    assert run(["lab", "up", "--name", "blue", "--regions", "1"]) == 0
    assert "next: infctl deploy apply" in capsys.readouterr().err
    monkeypatch.delenv("INFCTL_ENV")
    assert run(["lab", "down", "--name", "blue"]) == 0
    assert run(["lab", "up", "--name", "blue", "--regions", "1"]) == 0
    assert "next: infctl --env blue deploy apply" in capsys.readouterr().err


def test_a_platform_file_that_was_named_has_to_be_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["--platform", "missing.yaml", "lab", "up"]) == 78
    assert "there is no platform file at missing.yaml" in capsys.readouterr().err


def test_two_commands_never_start_one_lab(capsys: pytest.CaptureFixture[str]) -> None:
    with locate.exclusive("lab"):
        assert run(["lab", "up", "--regions", "1"]) == 5
    assert "another command is starting or stopping the lab lab" in capsys.readouterr().err


def test_an_environment_file_of_a_real_platform_is_left_alone(state_home: Path) -> None:
    path = state_home / "infctl" / "environments" / "lab.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"kind": "Environment", "name": "lab"}')
    state(state_home).mkdir(parents=True)
    assert run(["lab", "down"]) == 0
    assert path.exists()


def test_up_again_says_that_it_is_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "up", "--regions", "1"]) == 0
    assert run(["lab", "up", "--regions", "1"]) == 0
    assert "is up already" in capsys.readouterr().err


def test_two_labs_stand_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "up", "--regions", "1"]) == 0
    assert run(["lab", "up", "--regions", "1", "--name", "blue"]) == 0
    addresses = [status(capsys, "--name", n)["items"][0]["address"] for n in ("lab", "blue")]
    assert len(set(addresses)) == 2
    assert run(["lab", "down", "--name", "blue"]) == 0
    assert status(capsys)["items"][0]["state"] == "ready"


def test_a_dead_supervisor_is_told_and_up_cleans_up(
    state_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lab", "up", "--regions", "1"]) == 0
    supervisor = lifecycle.supervisor_of(state(state_home))
    assert supervisor
    os.kill(supervisor.pid, signal.SIGKILL)
    while processes.is_alive(supervisor):
        os.sched_yield()
    capsys.readouterr()
    assert run(["lab", "status"]) == 6
    assert "its supervisor is gone" in capsys.readouterr().err
    assert run(["lab", "up", "--regions", "1"]) == 0
    assert status(capsys)["items"][0]["state"] == "ready"


def test_pods_that_outlive_a_killed_lab_are_ended_by_down(
    state_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["lab", "up", "--regions", "1"]) == 0
    lost = lifecycle.supervisor_of(state(state_home))
    assert lost
    os.kill(lost.pid, signal.SIGKILL)
    child = os.posix_spawn(sys.executable, ["python", "-c", "input()"], os.environ, setsid=True)
    pod = processes.find(child)
    assert pod
    monkeypatch.setattr(
        "infctl.lab.supervisor.residents.residents", lambda lab, region: [pod] if pod else []
    )
    assert run(["lab", "down"]) == 0
    os.waitpid(child, 0)
    assert not processes.is_alive(pod)


def test_a_failed_start_is_explained_and_leaves_only_logs(
    state_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toys = state_home / "toys.json"
    toys.write_text(json.dumps([{"name": "api", "address": "127.205.9.1:7000", "mode": "dies"}]))
    monkeypatch.setenv("TOYS", str(toys))
    assert run(["lab", "up"]) == 1
    told = capsys.readouterr().err
    assert "api: dead, ended by itself with code 1\n    hello from api\n    cannot go on" in told
    assert "infctl lab logs api" in told
    assert [p.name for p in state(state_home).iterdir()] == ["logs"]
    assert run(["lab", "logs", "api"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "cannot go on"


def test_a_start_that_takes_too_long_ends_with_7(
    state_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toys = state_home / "toys.json"
    toys.write_text(json.dumps([{"name": "api", "address": "127.205.9.1:7000", "mode": "never"}]))
    monkeypatch.setenv("TOYS", str(toys))
    assert run(["lab", "up", "--timeout", "1"]) == 7
    assert "not ready after 1 s: api" in capsys.readouterr().err


def test_a_used_address_is_refused_with_its_holder(
    state_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toys = state_home / "toys.json"
    toys.write_text(json.dumps([{"name": "api", "address": "127.205.9.1:7000"}]))
    monkeypatch.setenv("TOYS", str(toys))
    with socket.create_server(("127.205.9.1", 7000)):
        assert run(["lab", "up"]) == 1
    told = capsys.readouterr().err
    assert f"api needs 127.205.9.1:7000, which process {os.getpid()}" in told


def test_kept_data_gets_its_number_and_its_regions_again(
    state_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lab", "up", "--regions", "1"]) == 0
    before = status(capsys)["items"][0]["address"]
    kept = state(state_home) / "regions" / "us-east-1" / "etcd"
    kept.mkdir(parents=True)
    assert run(["lab", "down", "--keep-data"]) == 0
    assert run(["lab", "status"]) == 6
    assert "its data is kept" in capsys.readouterr().err
    assert run(["lab", "up", "--regions", "2"]) == 1
    assert "keeps data of other regions: us-east-1" in capsys.readouterr().err
    assert run(["lab", "up", "--regions", "1", "--nodes", "3"]) == 1
    told = capsys.readouterr().err
    assert "keeps data of 2 nodes a region" in told
    assert "infctl lab up --name lab --nodes 2" in told
    assert run(["lab", "up", "--regions", "1"]) == 0
    assert status(capsys)["items"][0]["address"] == before
    assert kept.is_dir()


def test_a_region_gets_as_many_nodes_as_are_asked_for(state_home: Path) -> None:
    assert run(["lab", "up", "--regions", "1", "--nodes", "3"]) == 0
    assert spec.load(state(state_home)).regions[0].nodes == 3


@pytest.mark.parametrize("nodes", ["0", "33", "many"])
def test_more_nodes_than_a_region_has_addresses_are_refused(
    state_home: Path, capsys: pytest.CaptureFixture[str], nodes: str
) -> None:
    assert run(["lab", "up", "--nodes", nodes]) == 2
    assert "--nodes" in capsys.readouterr().err
    assert not state(state_home).exists()


def test_another_lab_leaves_the_number_of_kept_data_alone(
    state_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lab", "up", "--regions", "1"]) == 0
    number = spec.load(state(state_home)).number
    assert run(["lab", "down", "--keep-data"]) == 0
    assert run(["lab", "up", "--regions", "1", "--name", "blue"]) == 0
    assert spec.load(state(state_home, "blue")).number != number
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(f"\0infctl-lab-{number}")
        capsys.readouterr()
        assert run(["lab", "up", "--regions", "1"]) == 1
    told = capsys.readouterr().err
    assert f"another lab has 127.{number}.0.0/16" in told
    assert "infctl lab down --name lab" in told


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["status"], 6, "there is no lab lab"),
        (["env"], 6, "there is no lab lab"),
        (["logs", "dns"], 2, "there is no log of dns"),
        (["up", "--name", "../x"], 2, "is no name of a lab"),
        (["up", "--name", "-x"], 2, "is no name of a lab"),
        (["up", "--regions", "9"], 2, "there are 3 regions"),
        (["up", "--regions", "0"], 2, "there are 3 regions"),
        (["down"], 0, "there is no lab lab"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(
    words: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lab", *words]) == code
    assert told in capsys.readouterr().err


def test_a_state_folder_too_deep_for_a_socket_is_refused(
    state_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(state_home / ("deep" * 25)))
    assert run(["lab", "up"]) == 1
    assert "XDG_STATE_HOME" in capsys.readouterr().err


def test_env_prints_lines_that_a_shell_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "up", "--regions", "1"]) == 0
    capsys.readouterr()
    assert run(["lab", "env", "--shell"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("export ") for line in lines)
    assert any(line.startswith("export KUBECONFIG=/") for line in lines)


def test_a_hostile_log_line_reaches_no_terminal_raw(
    state_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = state(state_home) / "logs"
    folder.mkdir(parents=True)
    (folder / "dns.log").write_bytes(b"a\x1b]0;title\x07b\xe2\x80\xaec\n")
    assert run(["lab", "logs", "dns"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
