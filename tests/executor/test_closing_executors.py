"""B6: what is asked while an executor ends is done by the next one, and asked once."""

import asyncio
import json
import os
import signal
import socket
import threading
from pathlib import Path

import pytest
from twelve_steps import Runs, begun, executor_of, runs

from infctl.commands import attend
from infctl.commands.run import run as run_command
from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.errors import Exit, Unreachable
from infctl.executor import control, exclusive, watch
from infctl.executor.folders import environment_lock
from infctl.model.run import RunState, RunView

__all__ = ["runs"]
PAUSE = Decision(Verb.PAUSE, by="tester")
ENDS = {
    "pause": lambda view: view.state is RunState.PAUSED_BY_OPERATOR,
    "undo": lambda view: view.state is RunState.ROLLED_BACK,
    # Failed where a step was left in the middle.
    "stop": lambda view: view.over and view.course == "stop",
}


@pytest.mark.parametrize("verb", ENDS)
def test_b6_a_verb_is_asked_once_of_a_run_whose_executor_is_ending(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("TOY_PACE", "10")
    run = runs.launch()
    runs.wait(run, lambda view: begun(view) > 1)
    former = executor_of(run)
    os.kill(former, signal.SIGTERM)
    runs.wait(run, lambda view: "a signal" in view.reason)
    assert run_command(["runs", verb, run]) == Exit.DONE
    view = runs.wait(run, ENDS[verb])
    assert view.over or executor_of(run) not in (0, former)


def test_b6_a_run_that_has_just_ended_is_over_for_every_verb(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs.launch()
    runs.wait(run, lambda view: view.over)
    for verb in ENDS:
        assert run_command(["runs", verb, run]) == Exit.REFUSED
        assert "is over" in capsys.readouterr().err
    # To carry on what is over is to be shown how it ended.
    assert run_command(["runs", "resume", run]) == Exit.DONE


def _ask_and_look(run: str, verb: str) -> RunView:
    assert run_command(["runs", verb, run]) == Exit.DONE
    return watch.read_run(run)


def test_b6_who_asked_sees_in_the_journal_what_was_decided(runs: Runs) -> None:
    run = runs.launch()
    runs.wait(run, lambda view: begun(view) > 1)
    view = _ask_and_look(run, "pause")
    assert view.reason.startswith("pausing, asked by")
    runs.wait(run, ENDS["pause"])
    view = _ask_and_look(run, "stop")
    assert view.course == "stop"


async def test_the_next_run_waits_for_one_that_is_over_to_give_the_environment_back(
    runs: Runs,
) -> None:
    run = runs.launch()
    runs.wait(run, lambda view: view.over)
    former = environment_lock("closing")
    assert former.acquire(run)
    waiting = asyncio.create_task(exclusive.take_environment("closing", "next"))
    done, _ = await asyncio.wait({waiting}, timeout=0.3)
    assert not done
    former.release()
    (await waiting).release()


async def test_a_decision_that_nobody_took_is_given_back_when_the_executor_ends() -> None:
    decisions = Decisions()
    decisions.put(PAUSE)
    asked = asyncio.create_task(decisions.hand_over(PAUSE, 60.0))
    await asyncio.sleep(0)
    decisions.close()
    assert await asked is False
    assert await decisions.hand_over(PAUSE, 60.0) is False
    # What the executor asks of itself is not given back.
    assert decisions.take() == [PAUSE]


async def test_a_decision_is_acted_on_once_the_machine_comes_for_the_next() -> None:
    decisions = Decisions()
    asked = asyncio.create_task(decisions.hand_over(PAUSE, 60.0))
    assert await decisions.get() == PAUSE
    assert not asked.done()
    coming = asyncio.create_task(decisions.get())
    assert await asked is True
    coming.cancel()


async def test_the_last_decision_of_a_run_was_acted_on() -> None:
    decisions = Decisions()
    asked = asyncio.create_task(decisions.hand_over(PAUSE, 60.0))
    await decisions.get()
    decisions.end()
    assert await asked is True


async def test_b6_ctrl_c_is_asked_again_of_an_executor_that_only_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Verb] = []

    def decide(_: str, verb: Verb) -> None:
        asked.append(verb)
        if len(asked) < 3:
            raise control.NotListening("not yet")

    monkeypatch.setattr(attend, "decide", decide)
    viewer = attend._Viewer("run", None)
    viewer._ask(Verb.PAUSE)
    assert viewer.asking is not None
    await asyncio.wait_for(viewer.asking, 5)
    assert asked == [Verb.PAUSE] * 3


@pytest.mark.parametrize("answer", [b'{"ok": false, "ending": true}\n', b"", b"{\n"])
def test_an_executor_that_ends_is_told_from_one_that_is_silent(
    tmp_path: Path, answer: bytes
) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / control.SOCKET))
        listening.listen()

        def answers() -> None:
            connection, _ = listening.accept()
            with connection:
                assert json.loads(connection.makefile("rb").readline())["verb"] == "pause"
                connection.sendall(answer)

        thread = threading.Thread(target=answers)
        thread.start()
        with pytest.raises(control.NotListening):
            control.ask(tmp_path, PAUSE)
        thread.join()


def test_one_that_is_silent_is_not_asked_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "_DEADLINE", 0.1)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / control.SOCKET))
        listening.listen()
        with pytest.raises(Unreachable) as silent:
            control.ask(tmp_path, PAUSE)
        assert not isinstance(silent.value, control.NotListening)
