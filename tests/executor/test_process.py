"""The executor is a process of its own: viewers, signals and kill -9 do what they should."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from toy_run import facts_of
from toy_world import Toy

from infctl.commands.run import run as run_command
from infctl.drills import failover as drill
from infctl.engine.decisions import Decision, Verb
from infctl.errors import Exit, Refused, Unreachable
from infctl.executor import control, launch, watch
from infctl.executor.abandon import abandon
from infctl.executor.folders import find_folder, run_ids, run_lock
from infctl.model.plan import Plan
from infctl.model.run import RunState, RunView, StepState
from infctl.runbooks import failover

ROOT = Path(__file__).parents[2]
TOY = Path(__file__).with_name("toy_executor.py")
REGION = "eu-west-1"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Deep on purpose: a socket's path must not exceed 107 bytes.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / ("deep" * 25)))
    monkeypatch.setattr(launch, "EXECUTOR", (sys.executable, str(TOY)))
    yield
    # A test that failed in the middle leaves no executor behind.
    for run in run_ids():
        if watch.is_alive(find_folder(run)):
            _kill(run)


def _launch(plan: Plan, on_failure: str = "pause") -> str:
    plan = replace(plan, environment="toy")
    return launch.launch(
        plan, platform=ROOT / "platform.yaml", environment="toy", on_failure=on_failure
    )


def _drill() -> Plan:
    return drill.plan(asyncio.run(facts_of(Toy())), drill.Settings(REGION))


def _failover() -> Plan:
    return failover.plan(asyncio.run(facts_of(Toy())), REGION, "test")


def _wait(run: str, wanted: Callable[[RunView], bool], seconds: float = 40.0) -> RunView:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        view = watch.read_run(run) if (find_folder(run) / "journal.db").exists() else RunView()
        if wanted(view):
            return view
        time.sleep(0.05)
    log = (find_folder(run) / "executor.log").read_text()
    raise AssertionError(f"{watch.read_run(run).state}: {log}")


def _in_step(step: str) -> Callable[[RunView], bool]:
    return lambda view: bool(view.steps) and view.step(step).state is StepState.RUNNING


def _pid(run: str) -> int:
    return int(run_lock(find_folder(run)).holder().split("@")[0])


def _kill(run: str) -> None:
    pid = _pid(run)
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while watch.is_alive(find_folder(run)) and time.monotonic() < deadline:
        time.sleep(0.02)


def test_a_drill_is_measured_and_reported_by_its_executor() -> None:
    run = _launch(_drill(), "undo")
    view = _wait(run, lambda v: v.over)
    assert (view.state, view.result["outcome"]) == (RunState.COMPLETED, "passed")
    assert view.result["exit"] == Exit.DONE
    # The toy's health checks need ten seconds, and its clients have no TTL.
    assert 9.0 < view.result["recovery"]["rto"] < 15.0
    assert view.result["recovery"]["bound"] == 52.0
    folder = find_folder(run)
    found = {path.name for path in (folder / "report").iterdir()}
    assert found == {"run.json", "junit.xml", "summary.md", "report.html"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / "host.jsonl").exists()
    assert not (folder / "control.sock").exists()


def test_a_drill_without_a_log_of_its_clients_is_not_decided() -> None:
    plan = _drill()
    run = _launch(replace(plan, parameters={**plan.parameters, "log": "requests/none"}), "undo")
    view = _wait(run, lambda v: v.over)
    assert (view.state, view.result["outcome"]) == (RunState.COMPLETED, "errored")
    assert view.result["exit"] == Exit.UNDECIDED


def test_kill_9_leaves_a_run_in_doubt_that_can_be_resumed() -> None:
    run = _launch(_drill(), "undo")
    _wait(run, _in_step("steady"))
    _kill(run)
    assert watch.read_run(run).state is RunState.IN_DOUBT
    assert run in watch.unfinished_runs("toy")
    launch.revive(run)
    view = _wait(run, lambda v: v.over)
    # The toy's world died with its process, so the clients are gone: the drill gives up, cleanly.
    assert view.state is RunState.ROLLED_BACK
    assert view.step("stop-load").state is StepState.DONE
    assert not watch.unfinished_runs("toy")


def test_a_drill_whose_fault_healed_by_its_lease_is_taken_back_instead_of_measured() -> None:
    run = _launch(_drill(), "undo")
    _wait(run, _in_step("recovered"))
    _kill(run)
    # The toy's fault is gone with its process, as a real one is when its lease is over.
    launch.revive(run)
    view = _wait(run, lambda v: v.over)
    assert view.state is RunState.ROLLED_BACK
    assert view.reason == (
        f"taken back: fault drill-failover-{REGION} healed by its lease,"
        " which nobody renewed in time"
    )
    assert view.step("recovered").evidence
    assert view.result["outcome"] == "errored"
    assert "did not run to its end" in view.result["summary"][0]
    assert view.step("stop-load").state is StepState.DONE


def test_kill_9_of_the_viewer_does_not_touch_the_run() -> None:
    run = _launch(_failover())
    viewer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import asyncio, sys\n"
            "from infctl.executor.watch import follow\n"
            "async def main():\n"
            "    async for view in follow(sys.argv[1]): print(view.state, flush=True)\n"
            "asyncio.run(main())",
            run,
        ],
        stdout=subprocess.PIPE,
    )
    assert viewer.stdout is not None
    assert viewer.stdout.readline()
    viewer.kill()
    viewer.wait()
    viewer.stdout.close()
    assert _wait(run, lambda v: v.over).state is RunState.COMPLETED


def test_sigterm_pauses_a_run_at_a_steps_edge_and_it_can_go_on() -> None:
    run = _launch(_failover())
    _wait(run, _in_step("verify"))
    os.kill(_pid(run), signal.SIGTERM)
    _wait(run, lambda v: not watch.is_alive(find_folder(run)))
    view = watch.read_run(run)
    assert view.over or view.state in (RunState.PAUSED_BY_OPERATOR, RunState.IN_DOUBT)


def test_sigterm_heals_a_drill() -> None:
    run = _launch(_drill(), "undo")
    _wait(run, _in_step("recovered"))
    os.kill(_pid(run), signal.SIGTERM)
    # Asked while it heals already: it is as was asked.
    assert run_command(["runs", "undo", run]) == Exit.DONE
    view = watch.read_run(run)
    assert view.state is RunState.ROLLED_BACK
    assert view.step("heal").state is StepState.DONE
    assert view.step("stop-load").state is StepState.DONE


def test_decisions_reach_the_run_over_its_socket() -> None:
    run = _launch(_failover())
    folder = find_folder(run)
    _wait(run, _in_step("verify"))
    assert stat.S_IMODE((folder / "control.sock").stat().st_mode) == 0o600
    with pytest.raises(Refused, match="skip needs a reason"):
        control.ask(folder, Decision(Verb.SKIP))
    control.ask(folder, Decision(Verb.UNDO, by="tester"))
    view = _wait(run, lambda v: v.over)
    assert view.state is RunState.ROLLED_BACK
    with pytest.raises(Unreachable, match="does not answer"):
        control.ask(folder, Decision(Verb.PAUSE))


def test_a_guard_refuses_in_the_executor_too() -> None:
    plan = _failover()
    run = _launch(replace(plan, parameters={**plan.parameters, "dark": True}))
    view = _wait(run, lambda v: v.over)
    assert view.state is RunState.CANCELLED
    assert view.result["exit"] == Exit.REFUSED
    assert "regions_on" in view.reason
    assert all(s.state is StepState.WAITING for s in view.steps)


def test_one_run_at_a_time_changes_an_environment() -> None:
    first = _launch(_drill(), "undo")
    _wait(first, _in_step("steady"))
    second = _launch(_failover())
    view = _wait(second, lambda v: v.over)
    assert view.state is RunState.CANCELLED
    assert f"run {first} changes environment toy now" in view.reason
    # On a busy machine it may have ended by now.
    run_command(["runs", "undo", first])
    _wait(first, lambda v: v.over)


def test_a_changed_plan_is_not_run() -> None:
    run = _launch(_failover())
    _wait(run, lambda v: v.over)
    order = find_folder(run) / "plan.json"
    order.write_text(order.read_text().replace("eu-west-1", "us-east-1"))
    done = subprocess.run([sys.executable, str(TOY), str(find_folder(run))], capture_output=True)
    assert b"was changed after it was written" in done.stderr


def test_a_run_without_an_executor_can_be_undone_or_abandoned() -> None:
    run = _launch(_failover())
    _wait(run, _in_step("verify"))
    with pytest.raises(Refused, match="has an executor"):
        abandon(run, "tired of it")
    _kill(run)
    launch.revive(run)
    control.ask(find_folder(run), Decision(Verb.UNDO, by="tester"))
    _wait(run, lambda v: v.over)
    with pytest.raises(Refused, match="is over"):
        launch.revive(run)
    other = _launch(_failover())
    _wait(other, _in_step("verify"))
    _kill(other)
    abandon(other, "the lab is gone")
    view = watch.read_run(other)
    assert (view.state, view.reason) == (RunState.FAILED, "abandoned: the lab is gone")
