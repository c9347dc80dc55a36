"""Measures a lab in a state folder of its own: start, memory, idle CPU, end. Prints a table.

Run it as `.venv/bin/python scripts/measure_lab.py`; other work on the machine shows in the figures.
What stands behind goes to `lab up`, for example `--regions 1`.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.query

from infctl.drills.load.body import make_body
from infctl.lab import addresses, client, processes, spec
from infctl.lab.supervisor.residents import residents
from infctl.lab.supervisor.service import register_path

IDLE_SECONDS = 30.0
TICKS = os.sysconf("SC_CLK_TCK")
HOST = "vision.infctl.test"
SPACE = "vision"
KUBECTL = Path(sys.executable).with_name("kubectl")
PODS_READY = 5
LONGEST_SECONDS = 60.0


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


def kubectl(lab: spec.Lab, *words: str, given: str = "") -> str:
    """What kubectl says of the first region; ends this program where it fails."""
    argv = [str(KUBECTL), "--kubeconfig", str(lab.kubeconfig), "-n", SPACE, *words]
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"kubectl {' '.join(words)}: {done.stderr}")
    return done.stdout


def pods(lab: spec.Lab) -> list[dict[str, Any]]:
    """The model server's pods that are ready and stay."""
    found = json.loads(kubectl(lab, "get", "pods", "-o", "json"))["items"]
    return [p for p in found if is_ready(p) and "deletionTimestamp" not in p["metadata"]]


def is_ready(item: dict[str, Any]) -> bool:
    """Whether a pod or a node is."""
    conditions = item["status"].get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def seconds_until(began: float, condition: Callable[[], bool]) -> float:
    """How long something took since `began`."""
    while not condition():
        if time.monotonic() - began > LONGEST_SECONDS:
            sys.exit("it does not happen")
        time.sleep(0.1)
    return time.monotonic() - began


def measure_start(lab: spec.Lab) -> float:
    """From the creation of a pod of the model server to its being ready, the median of some."""
    (deployment, *_) = json.loads(kubectl(lab, "get", "deployments", "-o", "json"))["items"]
    spec_of_pod = deployment["spec"]["template"]["spec"]
    took = []
    for number in range(PODS_READY):
        name = f"measured-{number}"
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec_of_pod}
        began = time.monotonic()
        kubectl(lab, "create", "-f", "-", given=json.dumps(pod))
        kubectl(lab, "wait", f"pod/{name}", "--for=condition=Ready", "--timeout=60s")
        took.append(time.monotonic() - began)
        kubectl(lab, "delete", "pod", name, "--wait=true")
    return statistics.median(took)


def measure_loss(lab: spec.Lab) -> tuple[float, float]:
    """A node of the first region is killed: until that is noticed, and until its pods are moved."""
    ready, node = pods(lab), pods(lab)[-1]["spec"]["nodeName"]
    fault = {"kind": "kill", "target": f"node/{lab.regions[0].name}/{node}", "ttl": 120}
    began = time.monotonic()
    client.ask(lab.admin_socket, "PUT", "/faults/measured", fault)
    try:
        noticed = seconds_until(began, lambda: not is_node_ready(lab, node))
        moved = seconds_until(
            began,
            lambda: len([p for p in pods(lab) if p["spec"]["nodeName"] != node]) >= len(ready),
        )
    finally:
        client.ask(lab.admin_socket, "DELETE", "/faults/measured")
    return noticed, moved


def is_node_ready(lab: spec.Lab, node: str) -> bool:
    """Whether the controllers hold a node for ready."""
    return is_ready(json.loads(kubectl(lab, "get", "node", node, "-o", "json")))


def memory_of_region(lab: spec.Lab) -> int:
    """All that lives in the first region, pods included; shared pages by their share."""
    status, region = client.ask(lab.admin_socket, "GET", "/status"), lab.regions[0].name
    pids = [part["pid"] for part in status["parts"] if part["region"] == region and part["pid"]]
    pids += [pod["pid"] for pod in status["pods"][region]]
    return sum(processes.proportional_bytes(pid) for pid in pids)


def main() -> None:
    """Bring a lab up, measure it, take it down."""
    with tempfile.TemporaryDirectory(prefix="infctl-") as folder:
        os.environ["XDG_STATE_HOME"] = folder
        state = Path(folder) / "infctl" / "labs" / "lab"
        began = time.monotonic()
        infctl("lab", "up", *sys.argv[1:])
        up = time.monotonic() - began
        try:
            infctl("deploy", "apply")
            wait_all_serve(spec.load(state), began + 120)
            serving = time.monotonic() - began
            memory = sum(processes.proportional_bytes(p.pid) for p in found_processes(state))
            before = cpu_seconds(state)
            time.sleep(IDLE_SECONDS)
            idle = (cpu_seconds(state) - before) / IDLE_SECONDS
            lab = spec.load(state)
            of_region = memory_of_region(lab)
            started = measure_start(lab)
            noticed, moved = measure_loss(lab)
        finally:
            ending = time.monotonic()
            infctl("lab", "down")
            down = time.monotonic() - ending
    print(f"lab up, all parts ready                    {up:6.1f} s")
    print(f"lab up and deploy, all regions serve       {serving:6.1f} s")
    print(f"memory, shared pages counted once          {memory / 2**20:6.0f} MB")
    print(f"  of them one region, its pods included    {of_region / 2**20:6.0f} MB")
    print(f"idle CPU, of one core                      {idle:6.1%}")
    print(f"a pod of the model server ready            {started:6.1f} s")
    print(f"node killed until it counts as lost        {noticed:6.1f} s")
    print(f"node killed until its pods serve elsewhere {moved:6.1f} s")
    print(f"lab down                                   {down:6.1f} s")


if __name__ == "__main__":
    main()
