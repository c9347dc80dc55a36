"""Starts of containers as real processes: begun, logged, ended, taken over, never orphaned."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from real_agent import wait_for

from infctl.lab import processes
from infctl.lab.agent.attempt import SHIM, Attempt, adopt, launch
from infctl.lab.agent.command import Command
from infctl.lab.agent.grace import Grace, end
from infctl.lab.agent.records import ContainerFolder, PodRecord, Records, living
from infctl.lab.processes import Process


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "pods")


@pytest.fixture
def folder(records: Records) -> ContainerFolder:
    return records.container("u-1", "main")


def shell(script: str) -> Command:
    return Command(("/bin/sh", "-c", script), {"PATH": "/usr/bin:/bin", "WHO": "me"}, "/")


def lines(folder: ContainerFolder, number: int = 0) -> list[str]:
    """The log without its timestamps."""
    path = folder.log(number)
    text = path.read_text() if path.exists() else ""
    return [line.partition(" ")[2] for line in text.splitlines()]


async def until(condition: Callable[[], object], seconds: float = 10) -> None:
    await asyncio.to_thread(wait_for, condition, seconds)


async def test_output_is_stamped_and_the_end_is_recorded(folder: ContainerFolder) -> None:
    attempt = await launch(folder, 0, shell("echo out $WHO; echo err >&2; printf rest; exit 3"))
    ending = await attempt.ended()
    assert (ending.code, ending.signal, ending.error, ending.is_known) == (3, 0, "", True)
    assert sorted(lines(folder)) == ["stderr F err", "stdout F out me", "stdout F rest"]
    assert 0 <= ending.finished - ending.started < 5


async def test_a_signal_is_told_as_kubernetes_tells_it(folder: ContainerFolder) -> None:
    ending = await (await launch(folder, 0, shell("kill -TERM $$"))).ended()
    assert (ending.code, ending.signal) == (143, 15)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (Command(("/no/such",), {}, "/"), "exec: /no/such: No such file or directory"),
        (Command(("/bin/true",), {}, "/no/folder"), "/no/folder: No such file or directory"),
        (Command(("/etc/passwd",), {}, "/"), "Permission denied"),
        (Command(("a\0b",), {}, "/"), "null"),
    ],
)
async def test_what_cannot_be_executed_says_why(
    folder: ContainerFolder, command: Command, said: str
) -> None:
    ending = await (await launch(folder, 0, command)).ended()
    assert ending.code == 128
    assert said in ending.error


async def test_both_processes_are_on_disk_while_they_live(
    folder: ContainerFolder, records: Records
) -> None:
    attempt = await launch(folder, 0, shell("exec sleep 60"))
    container, shim = living(records.root)
    assert (container, shim) == (folder.container(0), folder.shim(0))
    assert os.getpgid(container.pid) == container.pid, "a pod leads a group of its own"
    await attempt.kill()
    assert living(records.root) == []


async def test_a_container_that_obeys_gets_its_grace(folder: ContainerFolder) -> None:
    attempt = await launch(
        folder, 0, shell("trap 'sleep 0.3; echo bye; exit 0' TERM; echo up; sleep 60 & wait")
    )
    await until(lambda: lines(folder))
    ending = await end(attempt, Grace(10))
    assert ending.code == 0
    assert lines(folder)[-1] == "stdout F bye"


async def test_one_that_does_not_is_killed_when_its_grace_is_over(
    folder: ContainerFolder,
) -> None:
    attempt = await launch(folder, 0, shell("trap '' TERM; echo up; sleep 60"))
    await until(lambda: lines(folder))
    grace = Grace(60)
    asyncio.get_running_loop().call_later(0.2, grace.shorten, 0.1)
    ending = await asyncio.wait_for(end(attempt, grace), 10)
    assert (ending.code, ending.signal) == (137, 9)


async def test_a_frozen_container_can_be_ended(folder: ContainerFolder) -> None:
    attempt = await launch(folder, 0, shell("exec sleep 60"))
    container = folder.container(0)
    assert container
    attempt.signal(signal.SIGSTOP)
    await until(lambda: ") T " in Path(f"/proc/{container.pid}/stat").read_text())
    assert (await end(attempt, Grace(0.2))).signal == 9


@pytest.mark.parametrize("start", ["sleep 61 &", "setsid sleep 61 &"])
async def test_nothing_that_a_container_started_outlives_it(
    folder: ContainerFolder, start: str
) -> None:
    attempt = await launch(folder, 0, shell(f"{start} echo $!; sleep 0.2; exit 0"))
    await attempt.ended()
    child = int(lines(folder)[0].rpartition(" ")[2])
    assert processes.find(child) is None


async def test_a_container_dies_with_its_shim(folder: ContainerFolder) -> None:
    attempt = await launch(folder, 0, shell("exec sleep 60"))
    container, shim = folder.container(0), folder.shim(0)
    assert container
    assert shim
    processes.send(shim, signal.SIGKILL)
    ending = await attempt.ended()
    assert (ending.code, ending.is_known) == (137, False)
    await until(lambda: not processes.is_alive(container))


async def test_a_shim_that_nobody_recorded_starts_nothing(folder: ContainerFolder) -> None:
    """As when the agent is killed between starting it and telling it what to start."""
    for told in (b"", b'{"argv": ["/bin/true"'):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(SHIM), str(folder.path), "0"),
            stdin=asyncio.subprocess.PIPE,
        )
        await process.communicate(told)
        assert list(folder.path.iterdir()) == []


async def test_long_lines_are_cut_and_logs_rotated(folder: ContainerFolder) -> None:
    program = (
        "import sys\nsys.stdout.write('x' * 40000 + '\\n')\nfor n in range(120): print('y' * 99999)"
    )
    command = Command((sys.executable, "-c", program), {}, "/")
    assert (await (await launch(folder, 0, command)).ended()).code == 0
    older, newer = folder.log(0).with_name("0.log.1"), folder.log(0)
    assert older.stat().st_size < 11 * 2**20
    assert newer.stat().st_size < older.stat().st_size
    with older.open() as file:
        tags = [file.readline()[31:].split(" ", 2)[1] for _ in range(3)]
    assert tags == ["P", "P", "F"]
    shown = older.read_text().count("y") + newer.read_text().count("y")
    assert shown == 120 * 99999, "rotation loses nothing"


async def test_a_big_environment_arrives(folder: ContainerFolder) -> None:
    command = Command(("/bin/sh", "-c", "echo ${#BIG}"), {"BIG": "x" * 100_000}, "/")
    await (await launch(folder, 0, command)).ended()
    assert lines(folder) == ["stdout F 100000"]


async def test_a_second_agent_takes_over_what_lives(folder: ContainerFolder) -> None:
    first = await launch(folder, 0, shell("echo up; exec sleep 60"))
    first.forget()
    second = adopt(folder, 0)
    assert isinstance(second, Attempt)
    assert second.started == pytest.approx(first.started)
    assert (await end(second, Grace(5))).signal == 15
    assert adopt(folder, 0) is None


async def test_a_pid_that_belongs_to_another_by_now_is_not_taken_over(
    folder: ContainerFolder,
) -> None:
    myself = processes.find(os.getpid())
    assert myself
    folder.record_shim(0, Process(myself.pid, myself.started + 1))
    assert adopt(folder, 0) is None
    assert not folder.ending(0).is_known


async def test_only_the_last_two_starts_are_kept(folder: ContainerFolder) -> None:
    for number in range(4):
        await (await launch(folder, number, shell("echo $0"))).ended()
    assert folder.latest() == 3
    assert {p.name.partition(".")[0] for p in folder.path.iterdir()} == {"2", "3"}


def test_records_of_pods_are_read_back_and_torn_ones_are_none(records: Records) -> None:
    record = PodRecord("u-1", "vision", "web-0", "node", "127.20.1.64", 100.0)
    records.add(record)
    (records.root / "u-2").mkdir()
    (records.root / "u-2" / "pod.json").write_text('{"uid": ')
    assert records.read() == {"u-1": record}
    records.remove("u-1")
    assert records.read() == {}


def test_a_pod_cannot_forge_the_record_of_a_process(records: Records) -> None:
    records.add(PodRecord("u-1", "vision", "web-0", "node", "127.20.1.64", 100.0))
    myself = processes.find(os.getpid())
    assert myself
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    forged = {"boot": boot, "processes": {"shim": {"pid": myself.pid, "started": myself.started}}}
    inner = records.scratch("u-1") / "containers" / "main"
    inner.mkdir(parents=True)
    (inner / "0.shim.json").write_text(json.dumps(forged))
    assert living(records.root) == []
