"""A process is its pid and its start time; cleaning up never hits another one."""

import subprocess
import sys
from pathlib import Path

from infctl.lab import processes
from infctl.lab.processes import Process, Register, read_register


def test_a_process_that_got_the_same_pid_later_is_not_signalled() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        found = processes.find(child.pid)
        assert found
        stranger = Process(child.pid, found.started + 1)
        assert not processes.send(stranger, 9)
        assert processes.kill([stranger]) == []
        assert processes.is_alive(found)
        assert processes.kill([found]) == []
    assert not processes.is_alive(found)


def test_a_register_from_before_a_reboot_or_torn_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "processes.json"
    assert read_register(path) == {}
    Register(path).add("one", Process(7, 8))
    assert read_register(path) == {"one": Process(7, 8)}
    text = path.read_text()
    path.write_text(text[:-9])
    assert read_register(path) == {}
    path.write_text(text.replace('"boot": "', '"boot": "x'))
    assert read_register(path) == {}


def test_a_signal_to_a_leader_reaches_its_whole_group_and_to_a_stranger_nobody() -> None:
    script = "sleep 60 & echo $!; wait"
    with subprocess.Popen(
        ["/bin/sh", "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as shell:
        assert shell.stdout
        leader, member = processes.find(shell.pid), processes.find(int(shell.stdout.readline()))
        assert leader
        assert member
        assert not processes.send_group(Process(leader.pid, leader.started + 1), 9)
        assert processes.is_alive(member)
        assert processes.send_group(leader, 9)
        # Its end comes only when nobody holds it open any more.
        assert shell.stdout.read() == ""
    assert not processes.send_group(leader, 9)


def test_a_process_that_leads_no_group_is_signalled_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        found = processes.find(child.pid)
        assert found
        assert processes.send_group(found, 9)
