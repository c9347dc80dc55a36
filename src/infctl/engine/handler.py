"""What the engine needs of every kind of operation."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Operation
from infctl.model.run import RunView, StepView
from infctl.ports.cluster import Kind
from infctl.ports.world import World

Args = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Context:
    """What an operation may use: the world, the run's folder, and what earlier steps left.

    `memory` is scratch space per step that does not outlive the process.
    """

    world: World
    folder: Path
    run: str
    actor: str
    view: Callable[[], RunView]
    memory: dict[str, Any] = field(default_factory=dict)

    def step(self, step_id: str) -> StepView:
        """Another step as the journal tells it."""
        return self.view().step(step_id)

    def path(self, relative: str) -> Path:
        """A path inside the run's folder."""
        return self.folder / relative


@dataclass(frozen=True, slots=True)
class Permission:
    """What an act needs of a region's API server, asked of it right before the act."""

    region: str
    verb: str
    kind: Kind
    namespace: str | None = None
    subresource: str = ""


class Handler(ABC):
    """One kind of operation, at one version.

    `changes` says whether it changes the world; `reversible` whether `undo` can take that back;
    `heals` marks operations that only end a hurt; `renews` those after which controllers make anew
    what ended, so that nothing has to be taken back; `completes` those that, applied again,
    complete what a crash left half done. Applying twice is applying once.
    """

    kind: ClassVar[str]
    version: ClassVar[int] = 1
    changes: ClassVar[bool] = True
    reversible: ClassVar[bool] = True
    heals: ClassVar[bool] = False
    renews: ClassVar[bool] = False
    completes: ClassVar[bool] = False
    control_plane: ClassVar[bool] = False

    def check(self, args: Args) -> None:
        """Raise ConfigurationError where the arguments are not what the operation takes.

        Plans may come from files that people write; nothing runs before every step passed.
        """
        del args

    def touches(self, args: Args) -> tuple[str, ...]:
        """The blast radius: each object or place that the act changes, in words with its region."""
        return (str(args["region"]),) if "region" in args else ()

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """What must be allowed; asked right before the act, an error is a no."""
        del args
        return ()

    def calls(self, args: Args) -> tuple[str, ...]:
        """The API calls that it makes in the cloud, as route53:ChangeResourceRecordSets.

        The plan linter holds them against the list of control-plane calls.
        """
        del args
        return ()

    def loss(self, args: Args) -> str:
        """What is lost when the run goes on without having seen the effect, in a sentence."""
        del args
        return "whether it took effect is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """What is there before the act, as JSON."""
        del context, args

    def undo(self, before: Any, args: Args) -> Operation | None:
        """The operation that restores `before`, or None where nothing has to be taken back."""
        del before, args
        return None

    def restored(self, before: Any, now: Any, args: Args) -> bool:
        """Whether what was seen before the act is seen again, so that nothing is to be undone."""
        del args
        return bool(before == now)

    def unsure(self, before: Any, args: Args) -> str:
        """What was not known before the act, so that an undo cannot promise it; or nothing."""
        del before, args
        return ""

    def reverses(self, args: Args) -> bool:
        """Whether this very act can be taken back; for some that depends on their arguments."""
        del args
        return self.reversible

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Act; `key` is the same for every attempt of a step. Returns JSON for the journal."""
        del context, operation, key

    @abstractmethod
    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Read the effect back. What did not pass yet is asked again until the deadline."""

    async def whole(self, context: Context, operation: Operation) -> Outcome:
        """After a crash: whether the whole effect is there, where `verify` takes a part for it."""
        return await self.verify(context, operation)

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Whether the world is still as the act left it, so that undo may take it back."""
        return await self.verify(context, operation)


def passed(*evidence: str) -> Outcome:
    """The effect was seen."""
    return Outcome(Word.PASSED, evidence)


def not_yet(*evidence: str) -> Outcome:
    """Measured, and not there."""
    return Outcome(Word.FAILED, evidence)


def blind(*evidence: str) -> Outcome:
    """It could not be measured."""
    return Outcome(Word.ERRORED, evidence)
