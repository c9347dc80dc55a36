"""Measures a lab in a state folder of its own: start, memory, idle CPU, end. Prints a table.

Run it as `.venv/bin/python scripts/measure_lab.py`; other work on the machine shows in the figures.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from infctl.drills.load.body import make_body
from infctl.lab import addresses, processes, spec
from infctl.lab.supervisor.residents import residents
from infctl.lab.supervisor.service import register_path

IDLE_SECONDS = 30.0
TICKS = os.sysconf("SC_CLK_TCK")
HOST = "vision.infctl.test"


def infctl(*words: str) -> None:
    """One command; ends this program where it fails."""
    argv = [sys.executable, "-m", "infctl", *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"infctl {' '.join(words)} left {done.returncode}: {done.stderr}")


def found_processes(state: Path) -> list[processes.Process]:
    """All processes of the lab, pods included."""
    lab = spec.load(state)
    found = list(processes.read_register(register_path(state)).values())
    return found + [p for region in lab.regions for p in residents(lab, region.name)]


def cpu_seconds(state: Path) -> float:
    """User and system time that they have spent so far."""
    total = 0
    for process in found_processes(state):
        stat = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        total += int(stat[11]) + int(stat[12])
    return total / TICKS


def wait_all_serve(lab: spec.Lab, deadline: float) -> None:
    """Until every region is in the DNS answers and its gateway answers an inference."""
    missing = {lab.edge(region, "gateway") for region in lab.regions}
    while missing and time.monotonic() < deadline:
        address = resolve(lab)
        if address in missing and serves(address):
            missing.discard(address)
    if missing:
        sys.exit(f"not served in time: {missing}")


def resolve(lab: spec.Lab) -> str:
    """One answer of the lab's name service."""
    try:
        question = dns.message.make_query(HOST, "A")
        answer = dns.query.udp(question, lab.shared("dns"), 1.0, addresses.DNS_PORT)
    except (dns.exception.DNSException, OSError):
        return ""
    return next((str(item) for rrset in answer.answer for item in rrset), "")


def serves(address: str) -> bool:
    """Whether an inference through this gateway succeeds."""
    url = f"http://{address}:{addresses.GATEWAY_PORT}/v2/models/digits/infer"
    headers = {"Host": HOST, "content-type": "application/json"}
    request = urllib.request.Request(url, make_body(), headers)
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310
            return bool(json.loads(answer.read())["outputs"])
    except (urllib.error.URLError, OSError, ValueError):
        return False


def main() -> None:
    """Bring a lab up, measure it, take it down."""
    with tempfile.TemporaryDirectory(prefix="infctl-") as folder:
        os.environ["XDG_STATE_HOME"] = folder
        state = Path(folder) / "infctl" / "labs" / "lab"
        began = time.monotonic()
        infctl("lab", "up")
        up = time.monotonic() - began
        try:
            infctl("deploy", "apply")
            wait_all_serve(spec.load(state), began + 120)
            serving = time.monotonic() - began
            memory = sum(processes.proportional_bytes(p.pid) for p in found_processes(state))
            before = cpu_seconds(state)
            time.sleep(IDLE_SECONDS)
            idle = (cpu_seconds(state) - before) / IDLE_SECONDS
        finally:
            ending = time.monotonic()
            infctl("lab", "down")
            down = time.monotonic() - ending
    print(f"lab up, all parts ready                    {up:6.1f} s")
    print(f"lab up and deploy, all regions serve       {serving:6.1f} s")
    print(f"memory, shared pages counted once          {memory / 2**20:6.0f} MB")
    print(f"idle CPU, of one core                      {idle:6.1%}")
    print(f"lab down                                   {down:6.1f} s")


if __name__ == "__main__":
    main()
