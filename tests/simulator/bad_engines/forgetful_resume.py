"""A new executor begins at the first step again."""

from dataclasses import replace
from typing import Any

from infctl.engine.machine import Machine
from infctl.model.run import RunView, StepState
from infctl.simulator.engine import Engine

FAULTS = ("kill",)


class Forgetful(Machine):
    def __init__(self, *args: Any, **rest: Any) -> None:
        self._known: set[str] | None = None
        super().__init__(*args, **rest)
        self._known = {s.id for s in super().view().steps if s.state is StepState.DONE}

    def view(self) -> RunView:
        view = super().view()
        again = [s for s in view.steps if s.id in (self._known or ())]
        for seen in again:
            if seen.intent < self._since:
                steps = tuple(
                    replace(s, state=StepState.WAITING) if s.id == seen.id else s
                    for s in view.steps
                )
                view = replace(view, steps=steps)
        return view

    @property
    def _since(self) -> int:
        leases = [r.seq for r in self._journal.records() if r.kind == "lease"]
        return leases[-1] if leases else 0


ENGINE = Engine(machine=Forgetful)
