"""B36: whatever the files and variables hold, a command ends by a documented code, never a bug."""

import os
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infctl.clients.clock import SystemClock
from infctl.commands.run import run as run_command
from infctl.engine.journal import FileJournal
from infctl.errors import Exit
from infctl.executor import folders, launch
from infctl.executor.order import Order, write_order
from infctl.model.journal import Kind
from infctl.model.plan import Operation, Plan, Step

ROOT = Path(__file__).parents[2]
CASES = int(os.environ.get("INFCTL_MUTATIONS", "200" if os.environ.get("INFCTL_WHOLE") else "24"))
PLAN = Plan("waits", "waits", "lab", (Step("wait", Operation("wait_until", {})),))
PIECES = [
    b"[",
    b"{",
    b"}",
    b'"',
    b"\n",
    b"\x00",
    b"\xff\xfe",
    b"null",
    b"-1",
    b"1e999",
    b"&a ",
    b"[" * 900,
]
COMMANDS = [
    ["runs", "list"],
    ["runs", "show"],
    ["runs", "list", "-o", "json"],
    ["runs", "undo"],
    ["runs", "abandon", "--reason", "x"],
    ["runs", "export"],
    ["--env", "lab", "freeze", "--status"],
    ["--env", "lab", "runs", "list", "--clusters"],
    ["--env", "lab", "locks", "list"],
    ["config", "lint"],
]


def _mutate(content: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(content) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            content = content[:start] + content[start + chance.randint(1, 60) :]
        elif kind == 1:
            content = content[:start] + chance.choice(PIECES) + content[start:]
        elif kind == 2:
            content = content[:start]
        else:
            flipped = chance.randrange(256)
            content = content[:start] + bytes([flipped]) + content[start + 1 :]
    return content


def _rewrite(name: str) -> Callable[[Path, random.Random], None]:
    def change(home: Path, chance: random.Random) -> None:
        path = next(home.rglob(name))
        path.write_bytes(_mutate(path.read_bytes(), chance))

    return change


def _mode(home: Path, chance: random.Random) -> None:
    paths = list((home / "state").rglob("*"))
    chance.choice(paths).chmod(chance.choice([0o777, 0o000, 0o444, 0o666, 0o100]))


def _other_kind(home: Path, chance: random.Random) -> None:
    paths = list((home / "state" / "infctl").rglob("*"))
    path = chance.choice(paths)
    if path.is_dir():
        shutil.rmtree(path)
        path.write_text("not a folder")
    else:
        path.unlink()
        path.mkdir()


def _variable(home: Path, chance: random.Random) -> None:
    name = chance.choice(
        ["XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "HOME", "INFCTL_SPILL"]
    )
    values = ["", "relative/path", "/dev/null", "/proc/1/nowhere", "x" * 5000, "\x1b[2J", "/"]
    value = chance.choice(values)
    if name == "XDG_STATE_HOME" and value == "/":
        value = "/proc"
    os.environ[name] = value


def _nowhere(home: Path, chance: random.Random) -> None:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
        os.environ.pop(name, None)
    os.environ["HOME"] = str(home / "nowhere")


CHANGES: dict[str, Callable[[Path, random.Random], None]] = {
    "platform.yaml": _rewrite("platform.yaml"),
    "access file": _rewrite("lab.json"),
    "plan.json": _rewrite("plan.json"),
    "journal": _rewrite("journal.db"),
    "mark": _rewrite("mark"),
    "freeze": _rewrite("freeze.json"),
    "mode": _mode,
    "file for folder": _other_kind,
    "variable": _variable,
    "no home": _nowhere,
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "HOME", "INFCTL_SPILL"):
        monkeypatch.setenv(
            name, str(tmp_path / name.split("_")[1].lower() if "_" in name else tmp_path)
        )
    monkeypatch.setenv("INFCTL_PLATFORM", str(tmp_path / "platform.yaml"))
    monkeypatch.setattr(launch, "EXECUTOR", (sys.executable, "-c", "raise SystemExit(1)"))
    monkeypatch.setattr(launch, "_REVIVE_SECONDS", 1.0)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "platform.yaml", tmp_path)
    _make_state(tmp_path)
    return tmp_path


def _make_state(home: Path) -> None:
    run = folders.new_run_id()
    folder = folders.make_folder(run)
    write_order(folder, Order(run, PLAN, home / "platform.yaml", "lab", "tester"))
    journal = FileJournal(
        folder, run=run, plan_digest=PLAN.digest, actor="tester", clock=SystemClock()
    )
    journal.append(Kind.PLAN, args=PLAN.to_json())
    journal.append(Kind.LEASE, args={"pid": 1})
    journal.append(Kind.INTENT, step="wait", attempt=1)
    journal.close()
    state = home / "state" / "infctl"
    (state / "environments").mkdir(mode=0o700)
    place = '{"context": "c", "prometheus": "http://127.0.0.1:9", "cloud": {"region": "us-east-1"}}'
    (state / "environments" / "lab.json").write_text(
        '{"apiVersion": "infctl.dev/v1", "kind": "Environment", "name": "lab", "overlay": "lab",'
        f' "class": "sim", "kubeconfig": "{state}/kubeconfig", "regions": {{"us-east-1": {place}}},'
        ' "cloud": {"region": "us-east-1"}}'
    )
    (state / "environments" / "lab.json").chmod(0o600)
    (state / "freeze.json").write_text('{"why": "x", "by": "y", "at": 1.0, "lifted": true}')


@pytest.mark.parametrize("seed", range(CASES))
def test_b36_a_mutated_file_or_variable_is_no_traceback(
    seed: int, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(seed)
    name = list(CHANGES)[seed % len(CHANGES)]
    CHANGES[name](home, chance)
    for words in chance.sample(COMMANDS, 3):
        code = run_command(words)
        printed = "".join(capsys.readouterr())
        assert code in {int(c) for c in Exit} - {Exit.BUG}, (name, words, printed)
        assert "Traceback" not in printed, (name, words)
        assert "\x1b" not in printed, (name, words)
