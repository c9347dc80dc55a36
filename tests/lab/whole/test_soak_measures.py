"""The soak's own tools: faults by seed, and leaks that they would notice."""

import dataclasses
import itertools
import os
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from soaking import KINDS, Use, Uses, draw, figures, grown, of_lab, ports_of, use_of

from infctl.lab.supervisor.kinds import PARAMETERS, read_parameters

PARTS = ("api-east", "dns", "moto", "envoy-west")
BEFORE = Uses({"dns": Use(40 << 20, 10, 1, 2)}, processes=30, ports=Counter({"1.16:6443": 1}))


def test_a_seed_draws_the_same_faults_of_every_kind_again_and_never_kills_moto() -> None:
    first, second = (
        list(itertools.islice(draw("7", PARTS, ("east", "west")), 400)) for _ in range(2)
    )
    assert first == second
    counts = Counter(fault.kind for fault in first)
    assert set(counts) == set(PARAMETERS)
    assert min(counts.values()) > 15
    assert not [fault for fault in first if fault.target == "part/moto"]
    assert {"part/dns", "region/east", "edge/west", "between/west/east"} <= {
        fault.target for fault in first
    }


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_admin_api_takes_each_kind_with_its_parameters(kind: str) -> None:
    read_parameters(kind, KINDS[kind].parameters)


@pytest.mark.parametrize(
    ("use", "told"),
    [
        (Use(40 << 20, 10, 1, 2), []),
        (Use(100 << 20, 20, 1, 10), []),
        (Use(300 << 20, 10, 1, 2), ["dns: 40 MB, then 300 MB"]),
        (Use(40 << 20, 99, 1, 2), ["dns: 10 open files, then 99"]),
        (Use(40 << 20, 10, 1, 99), ["dns: 2 threads, then 99"]),
        (Use(40 << 20, 10, 9, 2), ["1 inotify instances, then 9"]),
    ],
)
def test_what_grows_beyond_noise_is_told(use: Use, told: list[str]) -> None:
    assert grown(BEFORE, dataclasses.replace(BEFORE, parts={"dns": use})) == told
    assert "dns" in figures(BEFORE, BEFORE)


def test_lost_parts_and_more_processes_or_ports_are_told() -> None:
    after = Uses({}, processes=31, ports=Counter({"1.16:6443": 1, "1.pod:8080": 2}))
    assert grown(BEFORE, after) == [
        "dns is gone",
        "30 processes, then 31",
        "ports more than before: 1.pod:8080, 1.pod:8080",
    ]


def test_files_and_watches_of_a_process_are_counted(tmp_path: Path) -> None:
    program = "import ctypes, sys; ctypes.CDLL(None).inotify_init1(0); print(flush=True); input()"
    argv = [sys.executable, "-c", program]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        use = use_of(process.pid)
        assert use.inotify == 1
        assert use.files >= 4
        assert use.rss > 1 << 20
        assert of_lab(tmp_path) == [process.pid]
        process.kill()
    assert of_lab(tmp_path) == []
    assert os.getpid() not in of_lab(tmp_path)


def test_ports_of_a_lab_are_told_from_those_of_others() -> None:
    before = ports_of(209)
    with socket.create_server(("127.209.3.4", 0)), socket.create_server(("127.210.3.4", 0)):
        assert [place.partition(":")[0] for place in ports_of(209) - before] == ["3.4"]
