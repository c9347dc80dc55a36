"""Each step's requests cut off once, before they act and after: the reply that never comes (B9)."""

import asyncio
from pathlib import Path

from infctl.errors import Exit, InfctlError
from infctl.simulator.crash.findings import STUCK, Finding
from infctl.simulator.crash.inspection import inspect_end
from infctl.simulator.crash.outside import Cut
from infctl.simulator.crash.rehearsal import rehearsal, step_of
from infctl.simulator.crash.trials import own_folder
from infctl.simulator.crash.victim import perform


def cuts() -> list[tuple[str, bool]]:
    """Every step's id with whether the request is lost, or only its reply."""
    return [(step.id, before) for step in rehearsal().steps for before in (True, False)]


def name_of(step: str, before: bool) -> str:
    """What repeats one cut."""
    return f"reply/{'before' if before else 'after'}/{step}"


def cut_off(parent: Path, step: str, before: bool) -> list[Finding]:
    """Run the rehearsal with one step's requests cut off; what is wrong at its end."""
    name = name_of(step, before)
    cut = Cut(lambda effect: step_of(effect) == step, before)
    with own_folder(parent) as folder:
        try:
            code = asyncio.run(perform(folder, cut))
        except InfctlError as error:
            return [Finding(name, STUCK, error.what)]
        if not cut.met:
            return [Finding(name, STUCK, "the step asked for nothing")]
        found = inspect_end(name, folder)
        if code != Exit.DONE:
            found.insert(0, Finding(name, STUCK, f"the run ended with {code}"))
        return found
