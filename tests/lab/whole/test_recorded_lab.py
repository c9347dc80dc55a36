"""A running lab recorded as a user does it, and read back."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from living import Living, until

from infctl.lab.recording.reader import Recording
from infctl.lab.recording.scrub import secrets_of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]
REGION = "us-east-1"
PART = f"scheduler-{REGION}"


def test_a_recording_has_metrics_events_logs_and_states_and_no_secret(
    living: Living, tmp_path: Path
) -> None:
    folder = tmp_path / "recording"
    recorder = living.start("lab", "record", str(folder), "--for", "60s")
    until((folder / "parts.jsonl").exists, 30, "it is recorded")
    _restart_a_pod(living)
    events = folder / "events" / f"{REGION}.jsonl"
    until(lambda: events.exists() and "Killing" in events.read_text(), 30, "its end is recorded")
    metrics = folder / "metrics" / REGION
    until(lambda: any(path.stat().st_size for path in metrics.glob("*.om")), 50, "it has samples")
    recorder.send_signal(signal.SIGINT)
    _, told = recorder.communicate(timeout=30)
    assert "it was ended" in told
    found = Recording(folder)
    assert found.manifest["lab"] == "lab"
    assert found.manifest["missing"] == {}
    assert any(s.value == 1 for s in found.samples(REGION, "up"))
    assert "Killing" in [event["reason"] for event in found.events(REGION)]
    assert found.states()[0]["states"][PART] == "ready"
    kept = "".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    secrets = secrets_of(living.state() / "pki")
    assert len(secrets) > 10
    assert [secret for secret in secrets if secret in kept] == []
    assert '"kind": "Secret"' not in kept
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.rglob("*")))


def _restart_a_pod(living: Living) -> None:
    kubectl = (str(Path(sys.executable).with_name("kubectl")), "-n", "vision")
    to = (f"--kubeconfig={living.lab().kubeconfig}", f"--context={REGION}")
    listed = subprocess.run(
        [*kubectl, *to, "get", "pods", "-o", "json"], capture_output=True, check=True, timeout=30
    )
    name = json.loads(listed.stdout)["items"][0]["metadata"]["name"]
    subprocess.run([*kubectl, *to, "delete", "pod", name, "--wait=false"], check=True, timeout=30)
