"""Whether a run may act now: lease, fence, freeze and right, asked right before every act."""

from typing import Protocol

from infctl.model.plan import Step


class Permit(Protocol):
    """What the step protocol asks before the intent is written, and again before each act."""

    async def check(self, step: Step) -> None:
        """Return where the step may act now; asked before its intent is written.

        Raises LeaseLost where another holder may have taken over, Frozen while somebody stopped
        everything, Refused where the API server does not let us.
        """

    async def publish(self, step: Step) -> None:
        """Return when a colleague could undo the step too, or nobody can be told in time.

        Asked between the intent on disk and the act; raises LeaseLost as `check` does.
        """


class Unchecked:
    """Always: for plans that run without a lock, in tests of single operations."""

    async def check(self, step: Step) -> None:
        """Nothing to ask."""
        del step

    async def publish(self, step: Step) -> None:
        """Nobody to tell."""
        del step
