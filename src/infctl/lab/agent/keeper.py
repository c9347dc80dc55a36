"""Keeps one container of a pod as its restart policy and its probes say."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from infctl.lab.agent.attempt import Attempt, adopt, launch
from infctl.lab.agent.backoff import BackOff
from infctl.lab.agent.command import CannotStart
from infctl.lab.agent.facts import Object, PodFacts
from infctl.lab.agent.grace import Grace, end
from infctl.lab.agent.hooks import run_hook
from infctl.lab.agent.host import Host
from infctl.lab.agent.probing import Probes
from infctl.lab.agent.recipe import Recipe, Wrap, find_recipe
from infctl.lab.agent.records import Ending
from infctl.lab.agent.view import Running, Terminated, View, Waiting, container_id
from infctl.lab.processes import Process

Tell = Callable[[str, str, str], None]
"""Takes a container's name, the reason and the message of an event."""
_RETRY_SECONDS = 5.0
_SHOW_PULL_ERROR_SECONDS = 2.0
_LONGEST_HOOK_SECONDS = 600.0


class Keeper:
    """One container; `view` is what is known of it, `changed` is called when that moves."""

    def __init__(
        self,
        host: Host,
        facts: PodFacts,
        container: Object,
        *,
        policy: str,
        grace: float,
        tell: Tell,
        changed: Callable[[], None],
        wrap: Wrap = lambda *_: (),
    ) -> None:
        self.view = View(container["name"], container["image"])
        self.started = asyncio.Event()
        self.container = container
        self.folder = host.records.container(facts.uid, container["name"])
        self._recipe: Recipe | None = None
        self._host = host
        self._facts = facts
        self._policy = policy
        self._grace = grace
        self._tell = tell
        self._report_change = changed
        self._wrap = wrap
        self._is_fresh = False
        self._attempt: Attempt | None = None
        self._next = 0
        self._back_off = BackOff()
        self._pull_back_off = BackOff()

    def take_over(self, told: Object) -> None:
        """Go on where an earlier agent stopped; `told` is what the API server knows of it."""
        number = self.folder.latest()
        if number is None:
            self._next = told.get("restartCount", 0) + 1 if told.get("containerID") else 0
            return
        self._note_start(number, self.folder.started(number))
        self._attempt = adopt(self.folder, number)
        if self._attempt is None:
            self._note_end(self.folder.ending(number))
        elif told.get("containerID") == self.view.container_id:
            self.view.is_started = bool(told.get("started"))
            self.view.is_ready = bool(told.get("ready"))
            self._note_started()

    async def run(self) -> None:
        """Return when the container has ended and is not to be started again."""
        while True:
            if isinstance(self.view.state, Terminated):
                if not must_restart(self._policy, self.view.state.ending.code):
                    return
                await self._wait_back_off(self.view.state.ending)
            if self._attempt is None:
                await self._start()
            if self._attempt is not None:
                self._note_end(await self._accompany(self._attempt))

    async def end(self, grace: Grace, *, hook: bool = True) -> None:
        """End the container, if it runs, for good."""
        self.view.is_ready = False
        attempt = self._attempt
        if attempt is None:
            return
        self._tell(self.view.name, "Killing", f"Stopping container {self.view.name}")
        action = (self.container.get("lifecycle") or {}).get("preStop")
        if hook and action:
            await self._run_pre_stop(action, grace)
        self._note_end(await end(attempt, grace))

    def forget(self) -> None:
        """Stop following it; what lives goes on."""
        if self._attempt:
            self._attempt.forget()

    async def execute(self, argv: list[str], timeout: float) -> tuple[int, str]:
        """Run a command beside the container: the exit code and the end of what it said."""
        from infctl.lab.agent.beside import run_beside

        try:
            command = (await self.recipe()).command
        except CannotStart as error:
            return 1, error.message
        return await run_beside(argv, command, timeout, self.process())

    def process(self) -> Process | None:
        """The container's own process, while it has one."""
        return self.folder.container(self._attempt.number) if self._attempt else None

    def shim(self) -> Process | None:
        """What keeps the container, while it runs."""
        return self._attempt.shim if self._attempt else None

    async def recipe(self) -> Recipe:
        """What this container executes; CannotStart if that cannot be had."""
        if self._recipe is None:
            self._recipe = await find_recipe(self._host, self.container, self._facts, self._wrap)
        return self._recipe

    async def _start(self) -> None:
        while True:
            self._recipe = None
            try:
                recipe = await self.recipe()
                await _uninterrupted(self._launch(recipe))
                break
            except CannotStart as error:
                await self._wait_after(error)
        name = self.view.name
        self._changed()
        self._tell(
            name, "Pulled", f'Container image "{self.view.image}" already present on machine'
        )
        self._tell(name, "Created", "Container created")
        self._tell(name, "Started", "Container started")

    async def _launch(self, recipe: Recipe) -> None:
        number = self._next
        try:
            self._attempt = await launch(self.folder, number, recipe.command)
        except OSError as error:
            raise CannotStart("CreateContainerError", str(error)) from error
        self._note_start(number, self._attempt.started)
        self.view.image_id = recipe.image
        self._is_fresh = True

    async def _wait_after(self, error: CannotStart) -> None:
        """Show why it cannot be started, and wait until that is tried again."""
        name, image = self.view.name, self.view.image
        self._show(Waiting(error.reason, error.message))
        if error.reason != "ErrImagePull":
            self._tell(name, "Failed", f"Error: {error.message}")
            await asyncio.sleep(_RETRY_SECONDS)
            return
        self._tell(name, "Failed", f'Failed to pull image "{image}": {error.message}')
        self._tell(name, "Failed", "Error: ErrImagePull")
        self._pull_back_off.note(time.time())
        await asyncio.sleep(_SHOW_PULL_ERROR_SECONDS)
        message = f'Back-off pulling image "{image}": {error}'
        self._show(Waiting("ImagePullBackOff", message))
        self._tell(name, "BackOff", f'Back-off pulling image "{image}"')
        await asyncio.sleep(self._pull_back_off.delay - _SHOW_PULL_ERROR_SECONDS)

    async def _wait_back_off(self, ending: Ending) -> None:
        wait = self._back_off.wait(ending.finished, time.time())
        if wait:
            pod = f"{self._facts.name}_{self._facts.namespace}({self._facts.uid})"
            what = f"restarting failed container={self.view.name} pod={pod}"
            self._show(Waiting("CrashLoopBackOff", f"back-off {self._back_off.delay:g}s {what}"))
            self._tell(self.view.name, "BackOff", f"Back-off {what}")
            await asyncio.sleep(wait)
        self._back_off.note(time.time())

    async def _accompany(self, attempt: Attempt) -> Ending:
        """Probe it until it ends, or end it when its probes say so."""
        probes = Probes(
            self.container,
            self._facts.address,
            self._host.session,
            execute=self.execute,
            report=lambda reason, message: self._tell(self.view.name, reason, message),
        )
        ended = asyncio.create_task(attempt.ended())
        probing = asyncio.create_task(self._follow(probes))
        try:
            await asyncio.wait({ended, probing}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return ended.result()
            said = probing.result()
            name = self.view.name
            self._tell(name, "Killing", f"Container {name} {said}, will be restarted")
            self.view.is_ready = False
            self._changed()
            return await end(attempt, Grace(self._grace))
        finally:
            ended.cancel()
            probing.cancel()

    async def _follow(self, probes: Probes) -> str:
        """What says that the container must be ended: a hook of its start, or a probe."""
        action = (self.container.get("lifecycle") or {}).get("postStart")
        is_fresh, self._is_fresh = self._is_fresh, False
        if is_fresh and action and (said := await self._run_hook(action, _LONGEST_HOOK_SECONDS)):
            self._tell(self.view.name, "FailedPostStartHook", f"PostStartHook failed: {said}")
            return "failed its postStart hook"
        return await probes.run(self.view, self._changed)

    async def _run_pre_stop(self, action: Object, grace: Grace) -> None:
        if said := await self._run_hook(action, grace.remaining):
            self._tell(self.view.name, "FailedPreStopHook", f"PreStopHook failed: {said}")

    async def _run_hook(self, action: Object, timeout: float) -> str:
        return await run_hook(
            action,
            container=self.container,
            address=self._facts.address,
            session=self._host.session,
            execute=self.execute,
            timeout=timeout,
        )

    def _changed(self) -> None:
        self._note_started()
        self._report_change()

    def _note_started(self) -> None:
        if self.view.is_started:
            self.view.has_started = True
            self.started.set()

    def _note_start(self, number: int, started: float) -> None:
        view = self.view
        if isinstance(view.state, Terminated):
            view.last = view.state
        elif number and view.last is None:
            identity = container_id(self._facts.uid, view.name, number - 1)
            if self.folder.shim(number - 1):
                view.last = Terminated(self.folder.ending(number - 1), identity)
        self._next = number + 1
        view.restarts = number
        view.container_id = container_id(self._facts.uid, view.name, number)
        view.is_started = view.is_ready = False
        view.state = Running(started)

    def _note_end(self, ending: Ending) -> None:
        self._attempt = None
        if ending.error:
            self._tell(self.view.name, "Failed", f"Error: {ending.error}")
        self.view.is_started = self.view.is_ready = False
        self._show(Terminated(ending, self.view.container_id))

    def _show(self, state: Waiting | Terminated) -> None:
        if isinstance(self.view.state, Terminated) and isinstance(state, Waiting):
            self.view.last = self.view.state
        self.view.state = state
        self._changed()


def must_restart(policy: str, code: int) -> bool:
    """Whether a container that ended with `code` is started again."""
    return policy == "Always" or (policy == "OnFailure" and code != 0)


async def _uninterrupted(work: Coroutine[Any, Any, None]) -> None:
    """Start to the end even if we are cancelled meanwhile, so that no start is left unattended."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
