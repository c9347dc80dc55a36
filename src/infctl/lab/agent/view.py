"""What is known of one container, as its pod's status tells it."""

import hashlib
from dataclasses import dataclass, field

from infctl.lab.agent.records import Ending


@dataclass(frozen=True, slots=True)
class Waiting:
    """It does not run, and why."""

    reason: str = "ContainerCreating"
    message: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """It runs since `started`, in seconds since the epoch."""

    started: float


@dataclass(frozen=True, slots=True)
class Terminated:
    """It ended."""

    ending: Ending
    container_id: str

    @property
    def reason(self) -> str:
        """Completed, Error, or that its end was not seen."""
        if not self.ending.is_known:
            return "ContainerStatusUnknown"
        if self.ending.error:
            return "StartError"
        return "Error" if self.ending.code else "Completed"

    @property
    def message(self) -> str:
        """What is to be said beside the reason."""
        if not self.ending.is_known:
            return "It ended while nobody could see how"
        return self.ending.error


State = Waiting | Running | Terminated


@dataclass(slots=True)
class View:
    """A container's state; whoever changes it tells the pod."""

    name: str
    image: str
    state: State = field(default_factory=Waiting)
    last: Terminated | None = None
    restarts: int = 0
    is_sidecar: bool = False
    has_started: bool = False
    """Whether it has been started at least once, its startup probe included."""
    is_started: bool = False
    is_ready: bool = False
    image_id: str = ""
    container_id: str = ""


def container_id(uid: str, name: str, number: int) -> str:
    """The id of a start, of the form that container runtimes give."""
    return "infctl://" + hashlib.sha256(f"{uid}/{name}/{number}".encode()).hexdigest()
