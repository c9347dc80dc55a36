"""infctl runs."""

from typing import TYPE_CHECKING, Annotated

import typer

from infctl.commands.attend import attend, show_result
from infctl.commands.options import TimeoutOption, YesOption, bare_id
from infctl.commands.output import Output, OutputOption, note, show, timestamp, write
from infctl.commands.run_result import code_of
from infctl.commands.runs_abandon import abandon_run, why
from infctl.commands.runs_asking import ask, check_step, show_decision
from infctl.commands.runs_export import export_run
from infctl.commands.runs_remote import (
    is_local,
    pulse_row,
    read_copies,
    read_copy,
    refuse_elsewhere,
    watch_copy,
)
from infctl.commands.runs_takeover import reached
from infctl.commands.step_lines import StepLines
from infctl.errors import Exit, Refused, UsageError
from infctl.model.run import PAUSED, RunState

if TYPE_CHECKING:
    from infctl.model.run import RunView

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Plans that run or ran.")

RunArgument = Annotated[
    str, typer.Argument(help="A run's id, its beginning, or latest.", callback=bare_id)
]
StepOption = Annotated[str, typer.Option("--step", help="Only this step.", show_default="all")]

_COLUMNS = [
    ("RUN", "name"),
    ("STATE", "state"),
    ("ENVIRONMENT", "environment"),
    ("WHAT", "summary"),
    ("BY", "actor"),
    ("STARTED", "started"),
]
_BROKEN = 10
"""Of how many copies that are no runs a list speaks."""
_BELOW = ("summary", "actor", "environment")


@app.command("list")
def list_runs(
    ctx: typer.Context,
    clusters: Annotated[
        bool, typer.Option("--clusters", help="Those that the clusters keep, of all machines.")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=0, help="How many of the newest; 0 shows all of them.")
    ] = 100,
    output: OutputOption = Output.TABLE,
) -> None:
    """The newest runs first; one whose executor is gone is in doubt.

    With --clusters the environment's lock says when each executor was heard last. Exit 6 then where
    a region does not answer.
    """
    from infctl.executor import watch

    if clusters:
        _list_copies(ctx, limit or None, output)
        return
    views = watch.list_runs(limit or None)
    show("RunList", [_row(v) for v in views], _COLUMNS, output=output, below=_BELOW, prefix="run/")
    _note_older(watch.count_runs() - len(views))
    _note_doubts(views)


def _note_doubts(views: "list[RunView]") -> None:
    """What a list's states do not tell of the newest runs: why in doubt, and who is silent."""
    from infctl.executor.watch import silence_of

    doubted = [view for view in views if view.state is RunState.IN_DOUBT]
    told = [f"run {view.run} is in doubt: {view.reason}" for view in doubted]
    waiting = [view.run for view in views if view.state in PAUSED]
    told += [f"run {run}: {silence}" for run in waiting if (silence := silence_of(run))]
    for sentence in told[:_BROKEN]:
        note(sentence)


def _note_older(count: int, option: str = "") -> None:
    if count > 0:
        note(f"{count} older runs are not shown: infctl runs list{option} --limit 0")


def _list_copies(ctx: typer.Context, limit: int | None, output: Output) -> None:
    """With what the lock says of each executor; exit 6 where somebody did not answer."""
    found = read_copies(ctx)
    items = [{**_row(heard.judged), **pulse_row(heard)} for heard in found.runs[:limit]]
    columns = [*_COLUMNS[:2], ("HEARD", "heard"), *_COLUMNS[2:]]
    metadata = {"partial": bool(found.silent)}
    show("RunList", items, columns, output=output, metadata=metadata, below=_BELOW, prefix="run/")
    _note_older(len(found.runs) - len(items), " --clusters")
    for run, problem in list(found.broken.items())[:_BROKEN]:
        note(f"what the clusters keep of run {run} is no run: {problem}")
    if len(found.broken) > _BROKEN:
        note(f"and of {len(found.broken) - _BROKEN} others")
    for name, problem in found.silent.items():
        note(f"{name}: {problem}")
    if found.silent:
        raise typer.Exit(int(Exit.UNDECIDED))


@app.command("show")
def show_run(
    ctx: typer.Context, run: RunArgument = "latest", output: OutputOption = Output.TABLE
) -> None:
    """One run: its steps and its result; of another machine from its copy in the clusters."""
    from infctl.executor.watch import read_run

    local = is_local(run)
    view = read_run(run) if local else read_copy(ctx, run)
    if output in (Output.TABLE, Output.WIDE):
        from infctl.model.text import clean

        write("".join(f"{clean(line)}\n" for line in StepLines().advance(view)))
    show_result(view, output, _before_resuming(view.run) if local else ())


def _before_resuming(run: str) -> tuple[str, ...]:
    """The command that ends an executor which is silent: until then no verb reaches the run."""
    from infctl.executor.folders import find_folder
    from infctl.executor.living import executor_of

    executor = executor_of(find_folder(run))
    if executor is None or not executor.is_silent or not executor.pid:
        return ()
    return (f"kill -9 {executor.pid}",)


@app.command("attach")
def attach_run(
    ctx: typer.Context,
    run: RunArgument = "latest",
    output: OutputOption = Output.TABLE,
    timeout: TimeoutOption = None,
) -> None:
    """Watch a run to its end; leaving never touches it.

    A run of another machine is watched in its copy in the clusters, which has each step's intent.
    """
    if is_local(run):
        raise typer.Exit(attend(_resolve(run), output, timeout))
    view = watch_copy(ctx, run, timeout)
    show_result(view, output)
    raise typer.Exit(code_of(view))


@app.command("pause")
def pause_run(
    ctx: typer.Context, run: RunArgument = "latest", output: OutputOption = Output.TABLE
) -> None:
    """Ask a run to pause at the next step's edge."""
    _decide(ctx, run, "pause", output=output)


@app.command("resume")
def resume_run(
    ctx: typer.Context,
    run: RunArgument = "latest",
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Although another release of infctl began it.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why it is adopted; kept in the journal.")] = "",
    output: OutputOption = Output.TABLE,
    timeout: TimeoutOption = None,
) -> None:
    """Let a paused run go on; where its executor is gone, start another and read back first.

    A run of another machine is taken over from its copy in the clusters, once its lease ran out.
    """
    from infctl.executor.watch import read_run

    if adopt and not reason.strip():
        raise UsageError("--adopt needs --reason")
    with reached(ctx, run):
        name = _resolve(run)
        try:
            ask(name, "adopt" if adopt else "resume", reason)
        except Refused:
            # It may have ended just now: then there is its result.
            if not read_run(name).over:
                raise
            note("the run is over")
    raise typer.Exit(attend(name, output, timeout))


@app.command("retry")
def retry_run(
    ctx: typer.Context,
    run: RunArgument = "latest",
    step: StepOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Try the failed steps again."""
    _decide(ctx, run, "retry", step=step, output=output)


@app.command("skip")
def skip_run(
    ctx: typer.Context,
    run: RunArgument = "latest",
    reason: Annotated[str, typer.Option(help="Why; kept in the journal.")] = "",
    step: StepOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Go on without the failed steps."""
    _decide(ctx, run, "skip", why(reason, "skip"), step, output)


@app.command("ungraceful")
def ungraceful_run(
    ctx: typer.Context,
    run: RunArgument = "latest",
    reason: Annotated[str, typer.Option(help="Why; kept in the journal.")] = "",
    step: StepOption = "",
    yes: YesOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Let what the failed steps did stand without having seen its effect; says what is lost."""
    from infctl.commands.planning import confirm_yes
    from infctl.executor.watch import losses, read_run

    if not reason.strip():
        raise UsageError("going on ungracefully needs --reason")
    refuse_elsewhere(ctx, run, "go on ungracefully with")
    view = read_run(run)
    check_step(view.run, step)
    if view.over:
        raise Refused(f"run {view.run} is over", hint=f"infctl runs show {view.run}")
    for line in losses(view, step):
        note(f"what is lost: {line}")
    confirm_yes("Go on without having seen the effect?", yes)
    _decide(ctx, run, "ungraceful", reason, step, output)


@app.command("answer")
def answer_run(
    ctx: typer.Context,
    run: Annotated[
        str, typer.Argument(help="A run's id, its beginning, or latest.", callback=bare_id)
    ],
    answer: Annotated[str, typer.Argument(help="One of the answers that the step offers.")],
    step: Annotated[str, typer.Option("--step", help="The step that asks.")] = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Answer the question that a run waits for."""
    from infctl.executor.watch import question_of, read_run

    refuse_elsewhere(ctx, run, "answer")
    check_step(_resolve(run), step)
    asked = question_of(read_run(run), step, answer)
    _decide(ctx, run, "answer", answer, asked, output)


@app.command("undo")
def undo_run(
    ctx: typer.Context, run: RunArgument = "latest", output: OutputOption = Output.TABLE
) -> None:
    """Take back what the run did, in reverse order, where it is still as the run left it.

    A run of another machine is taken over from its copy in the clusters, once its lease ran out.
    """
    with reached(ctx, run):
        _decide(ctx, run, "undo", output=output)


@app.command("stop")
def stop_run(
    ctx: typer.Context, run: RunArgument = "latest", output: OutputOption = Output.TABLE
) -> None:
    """End the run after the steps that must always run; nothing is taken back."""
    _decide(ctx, run, "stop", output=output)


app.command("abandon")(abandon_run)
app.command("export")(export_run)


def _decide(
    ctx: typer.Context,
    run: str,
    verb: str,
    reason: str = "",
    step: str = "",
    output: Output = Output.TABLE,
) -> None:
    refuse_elsewhere(ctx, run, verb)
    name = _resolve(run)
    check_step(name, step)
    ask(name, verb, reason, step)
    note(f"asked run {name} to {verb}: infctl runs attach {name}")
    show_decision(name, verb, reason, step, output)


def _resolve(run: str) -> str:
    from infctl.executor.folders import find_folder

    return find_folder(run).name


def _row(view: "RunView") -> dict[str, object]:
    plan = view.plan
    return {
        "name": view.run,
        "state": str(view.state),
        "environment": "" if plan is None else plan.environment,
        "summary": "" if plan is None else plan.summary,
        "actor": view.actor,
        "started": timestamp(view.started) if view.started else "",
        "reason": view.reason,
        "code": code_of(view),
    }
