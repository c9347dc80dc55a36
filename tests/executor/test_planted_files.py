"""Planted folders, links and hostile ids (C8, C22, B36): nothing is written through them."""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from toy_world import ToyClock

from infctl.commands.run import run as run_command
from infctl.engine.journal import FileJournal
from infctl.errors import ConfigurationError, Exit, UsageError
from infctl.executor import folders, launch, watch
from infctl.executor.abandon import abandon
from infctl.executor.order import Order, write_order
from infctl.executor.own_files import filesystem_of, medium_problem
from infctl.model.journal import Kind
from infctl.model.plan import Operation, Plan, Step

PLAN = Plan("waits", "waits", "lab", (Step("wait", Operation("wait_until", {})),))
FOREIGN = 12345


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("INFCTL_SPILL", str(tmp_path / "spill"))
    # An executor that was started all the same would be seen: it writes into the folder.
    monkeypatch.setattr(launch, "EXECUTOR", (sys.executable, "-c", _WRITES))
    monkeypatch.setattr(launch, "_REVIVE_SECONDS", 1.0)
    folders._told.clear()


_WRITES = "import pathlib, sys; (pathlib.Path(sys.argv[1]) / 'started').write_text('x')"


@pytest.fixture
def run() -> str:
    """A run in doubt, in the middle of its only step."""
    name = folders.new_run_id()
    folder = folders.make_folder(name)
    write_order(folder, Order(name, PLAN, Path("/nowhere"), "lab", "tester"))
    journal = FileJournal(
        folder, run=name, plan_digest=PLAN.digest, actor="tester", clock=ToyClock()
    )
    journal.append(Kind.PLAN, args=PLAN.to_json())
    journal.append(Kind.LEASE, args={"pid": 1})
    journal.append(Kind.INTENT, step="wait", attempt=1)
    journal.close()
    return name


Plant = Callable[[Path, Path], None]
"""Takes the run's folder and a folder of the attacker's."""


def _link(name: str) -> Plant:
    def plant(folder: Path, theirs: Path) -> None:
        path = folder / name
        if path.exists():
            path.replace(theirs / name)
        (theirs / name).touch()
        path.symlink_to(theirs / name)

    return plant


def _second_name(name: str) -> Plant:
    def plant(folder: Path, theirs: Path) -> None:
        (folder / name).touch()
        (theirs / name).hardlink_to(folder / name)

    return plant


def _moved(level: int) -> Plant:
    """The run's folder, the folder of runs, or the state folder: a link to the attacker's."""

    def plant(folder: Path, theirs: Path) -> None:
        path = [folder, *folder.parents][level]
        path.replace(theirs / path.name)
        path.symlink_to(theirs / path.name)

    return plant


def _mode(level: int) -> Plant:
    return lambda folder, _: [folder, *folder.parents][level].chmod(0o777)


def _owner(level: int) -> Plant:
    return lambda folder, _: os.chown([folder, *folder.parents][level], FOREIGN, FOREIGN)


def _file_owner(name: str) -> Plant:
    return lambda folder, _: os.chown(folder / name, FOREIGN, FOREIGN)


def _pipe(folder: Path, _: Path) -> None:
    os.mkfifo(folder / "executor.lock")


LAYOUTS: dict[str, Plant] = {
    "run folder is a link": _moved(0),
    "runs folder is a link": _moved(1),
    "state folder is a link": _moved(2),
    "run folder 0777": _mode(0),
    "runs folder 0777": _mode(1),
    "state folder 0777": _mode(2),
    "journal is a link": _link("journal.db"),
    "journal has two names": _second_name("journal.db"),
    "wal is a link": _link("journal.db-wal"),
    "mark is a link": _link("mark"),
    "mark has two names": _second_name("mark"),
    "log is a link": _link("executor.log"),
    "log has two names": _second_name("executor.log"),
    "lock is a link": _link("executor.lock"),
    "lock has two names": _second_name("executor.lock"),
    "lock is a pipe": _pipe,
    "order is a link": _link("plan.json"),
    "reserve is a link": _link("reserve"),
    "journal writable by others": lambda f, _: (f / "journal.db").chmod(0o666),
}
if os.geteuid() == 0:
    LAYOUTS |= {
        "run folder of another": _owner(0),
        "runs folder of another": _owner(1),
        "state folder of another": _owner(2),
        "journal of another": _file_owner("journal.db"),
    }
VERBS: list[Callable[[str], object]] = [
    launch.revive,
    lambda run: abandon(run, "test"),
    lambda run: launch.spawn(folders.runs_folder() / run).wait(),
    lambda run: FileJournal(
        folders.runs_folder() / run,
        run=run,
        plan_digest=PLAN.digest,
        actor="tester",
        clock=ToyClock(),
    ).append(Kind.PAUSE),
]


def test_c22_there_are_at_least_fifteen_layouts() -> None:
    assert len(LAYOUTS) >= 15


@pytest.mark.parametrize("layout", LAYOUTS)
def test_c22_nothing_is_written_through_what_was_planted(
    layout: str, run: str, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    LAYOUTS[layout](folders.runs_folder() / run, theirs)
    before = _contents(tmp_path)
    for number, act in enumerate(VERBS):
        if number == 3 and layout not in _OF_THE_JOURNAL:
            continue
        with pytest.raises((ConfigurationError, UsageError)) as refused:
            act(run)
        assert refused.value.exit_code in (Exit.CONFIGURATION, Exit.USAGE)
        assert _contents(tmp_path) == before, number
    for words in (["show", run], ["list"], ["attach", run], ["undo", run], ["stop", run]):
        assert run_command(["runs", *words]) not in (Exit.BUG, Exit.FAILED)
        assert _contents(tmp_path) == before, words


_OF_THE_JOURNAL = {name for name in LAYOUTS if name.split()[0] in ("journal", "wal", "mark")}


def _contents(folder: Path) -> dict[str, bytes | str]:
    """Every file below, but for what reading a database may leave beside it."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(("-shm", "-wal")) and not path.is_symlink():
            continue
        if path.is_symlink():
            found[str(path)] = str(path.readlink())
        elif path.is_file():
            found[str(path)] = path.read_bytes()
        else:
            found[str(path)] = "folder" if path.is_dir() else "other"
    return found


def test_b36_a_state_folder_that_others_may_write_is_for_reading_only(
    run: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    state = tmp_path / "state" / "infctl"
    state.chmod(0o770)
    assert watch.read_run(run).steps[0].attempt == 1
    watch.list_runs()
    said = [m for m in caplog.messages if "0770" in m]
    assert len(said) == 1
    assert f"chmod 700 {state}" in said[0]
    with pytest.raises(ConfigurationError, match="0770") as refused:
        folders.make_folder(folders.new_run_id())
    assert refused.value.hint == f"chmod 700 {state}"
    with pytest.raises(ConfigurationError, match="0770"):
        launch.revive(run)


def test_b36_a_state_folder_that_is_a_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "infctl").write_text("")
    for words in (["list"], ["show"], ["undo"]):
        assert run_command(["runs", *words]) == Exit.CONFIGURATION


def test_b36_the_file_system_that_holds_the_runs_is_named(tmp_path: Path) -> None:
    mounts = "1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 0:5 / /run rw - tmpfs tmpfs rw\nbad line\n"
    assert filesystem_of(Path("/run/user"), mounts) == "tmpfs"
    assert filesystem_of(Path("/runway"), mounts) == "ext4"
    assert filesystem_of(tmp_path)
    assert "/dev/shm is on tmpfs" in medium_problem(Path("/dev/shm"))


HOSTILE = [
    *("../../.ssh/authorized_keys", "/etc/passwd", "run\n", "-rf", "..", ".", "a\x00b", "%2e%2e/"),
    *("x" * 300, "", " ", "~", "~root", "$HOME", "$(id)", "`id`", ";id", "|id", "&", "*", "?"),
    *("[a-z]", "{a,b}", "\\", "a\\b", "./run", "run/", "//", "../", "..\\..", "\u202e1", "\u2028"),
    *(
        "\x1b[2J",
        "\x1b]52;c;aWQ=\x07",
        "\x9b2J",
        "\uff2c\uff21\uff34\uff25\uff33\uff34",
        "latest\n",
        "LATEST",
        "latest/..",
    ),
    *("01run\x7f", "con", "NUL", "file:///etc/passwd", "http://127.0.0.1/", "--help-me", "é" * 40),
    *("0" * 26 + "/..", "i" * 26, "u" * 26, "0" * 25, "0" * 27, "\ud800"),
]
COMMANDS: list[list[str]] = [
    *(["show"], ["attach"], ["pause"], ["resume"], ["retry"], ["skip", "--reason", "x"]),
    *(["undo"], ["stop"], ["abandon", "--reason", "x"]),
    ["export"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_c8_no_hostile_name_of_a_run_reaches_a_file(
    words: list[str], run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(HOSTILE) >= 50
    before = _contents(tmp_path)
    for name in HOSTILE:
        assert run_command(["runs", *words, "--", name]) == Exit.USAGE, repr(name)
        printed = "".join(capsys.readouterr())
        assert not set(printed) & {"\x1b", "\x9b", "\u202e", "\x07", "\x00"}, name
        assert _contents(tmp_path) == before, name


def test_c8_only_ids_become_folders(tmp_path: Path) -> None:
    for name in HOSTILE:
        with pytest.raises(UsageError):
            folders.make_folder(name)
    assert not (tmp_path / "state" / "infctl" / "runs").exists() or not folders.run_ids()
