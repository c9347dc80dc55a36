"""Attends a run: one line a step on stderr, the result on stdout; the run never depends on us."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infctl.commands.output import Output, note, show, write
from infctl.commands.run_result import code_of, item_of, result_lines
from infctl.commands.step_lines import StepLines
from infctl.errors import DeadlinePassed, Exit, InfctlError
from infctl.model.run import PAUSED, RunState, RunView, StepState

if TYPE_CHECKING:
    from infctl.engine.decisions import Verb

_AGAIN = 0.1


def attend(run: str, output: Output, timeout: float | None = None) -> int:
    """Watch the run to its end, print its result, return the exit code."""
    view, code = asyncio.run(_Viewer(run, timeout).watch())
    if code is not None:
        return code
    show_result(view, output)
    return code_of(view)


def show_result(view: RunView, output: Output, first: tuple[str, ...] = ()) -> None:
    """The result on stdout, in the form that was asked for; `first` are commands to type before."""
    if output in (Output.TABLE, Output.WIDE):
        write("\n".join(result_lines(view, first)) + "\n")
    else:
        show("Run", [item_of(view)], (), output=output, prefix="run/")


class _Viewer:
    """Follows one run; Ctrl-C asks it to settle, a second one leaves it alone."""

    def __init__(self, run: str, timeout: float | None) -> None:
        self.run = run
        self.timeout = timeout
        self.interrupts = 0
        self.leave = asyncio.Event()
        self.asking: asyncio.Task[None] | None = None
        self.view = RunView(run=run)

    async def watch(self) -> tuple[RunView, int | None]:
        """The last view, and a code where we left before the run's end."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._interrupt)
        following = asyncio.create_task(self._follow())
        leaving = asyncio.create_task(self.leave.wait())
        done, _ = await asyncio.wait(
            {following, leaving}, timeout=self.timeout, return_when=asyncio.FIRST_COMPLETED
        )
        leaving.cancel()
        if self.asking is not None and not self.asking.done():
            self.asking.cancel()
            if not self.view.over:
                note(f"the run has not heard it yet: infctl runs show {self.run}")
        if following in done:
            following.result()
            return self.view, None
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        if leaving in done:
            note(f"detached; the run goes on: infctl runs attach {self.run}")
            return self.view, int(Exit.INTERRUPTED)
        raise DeadlinePassed(
            f"run {self.run} has not ended within {self.timeout:g} s; it goes on",
            hint=f"infctl runs attach {self.run}",
        )

    async def _follow(self) -> None:
        from infctl.executor.watch import follow

        lines = StepLines()
        async for view in follow(self.run):
            self.view = view
            for line in lines.advance(view):
                note(line)
            if view.state in PAUSED:
                return
        if self.view.state is RunState.IN_DOUBT:
            self._explain_doubt()

    def _explain_doubt(self) -> None:
        from infctl.executor.folders import runs_folder
        from infctl.executor.watch import log_tail

        folder: Path = runs_folder() / self.run
        for line in log_tail(folder):
            note(f"executor: {line}")

    def _interrupt(self) -> None:
        self.interrupts += 1
        if self.interrupts > 1:
            self.leave.set()
            return
        from infctl.engine.decisions import Verb

        note(asked_line(self.view))
        note("Ctrl-C again detaches")
        self._ask(Verb.UNDO if _is_drill(self.view) else Verb.PAUSE)

    def _ask(self, verb: "Verb") -> None:
        from infctl.executor.control import NotListening

        try:
            decide(self.run, verb)
        except NotListening:
            # It only just starts: what was asked is not forgotten.
            self.asking = asyncio.ensure_future(self._ask_again(verb))
        except InfctlError as error:
            note(error.what)

    async def _ask_again(self, verb: "Verb") -> None:
        from infctl.executor.control import NotListening

        while not self.view.over:
            await asyncio.sleep(_AGAIN)
            try:
                await asyncio.to_thread(decide, self.run, verb)
            except NotListening:
                continue
            except InfctlError as error:
                note(error.what)
            return


def decide(run: str, verb: "Verb", reason: str = "", step: str = "") -> None:
    """Send one decision to a run's executor."""
    from infctl.engine.decisions import Decision
    from infctl.executor.control import ask
    from infctl.executor.folders import find_folder
    from infctl.executor.launch import whoami

    ask(find_folder(run), Decision(verb, by=whoami(), reason=reason, step=step))


def asked_line(view: RunView) -> str:
    """What the first Ctrl-C asked for, and what is still to come then."""
    is_drill = _is_drill(view)
    waiting = _remaining(view, is_drill)
    running = [s.id for s in view.steps if s.state is StepState.RUNNING]
    if not is_drill and running and not waiting:
        last = ", ".join(running)
        return f"asked the run to pause, but {last} is its last step: done, the run ends"
    what = "heal, undo and stop" if is_drill else "pause at the next step's edge"
    return f"asked the run to {what}; remaining: {', '.join(waiting) or 'nothing'}"


def _remaining(view: RunView, only_always: bool) -> list[str]:
    """The steps that will still run: of a drill that turns back, those that always do."""
    plan = view.plan
    waiting = [s.id for s in view.steps if s.state == "waiting"]
    if plan is None or not only_always:
        return waiting
    steps = [plan.step(step_id) for step_id in waiting]
    return [s.id for s in steps if s.always and s.reverts not in waiting]


def _is_drill(view: RunView) -> bool:
    parameters: Any = view.plan.parameters if view.plan is not None else {}
    return "drill" in parameters
