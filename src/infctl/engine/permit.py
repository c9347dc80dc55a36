"""Whether a run may act now: lease, fence, freeze and right, asked right before every act."""

from typing import Protocol

from infctl.model.plan import Step


class Permit(Protocol):
    """What the step protocol asks between reading the state before and writing the intent."""

    async def check(self, step: Step) -> None:
        """Return where the step may act now.

        Raises LeaseLost where another holder may have taken over, Frozen while somebody stopped
        everything, Refused where the API server does not let us.
        """


class Unchecked:
    """Always: for plans that run without a lock, in tests of single operations."""

    async def check(self, step: Step) -> None:
        """Nothing to ask."""
        del step
