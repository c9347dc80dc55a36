"""What the global options chose, handed to every command."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infctl.commands.output import note
from infctl.errors import ConfigurationError
from infctl.model.names import is_name

if TYPE_CHECKING:
    from infctl.platform import Platform
    from infctl.ports.world import World


@dataclass(frozen=True, slots=True)
class Context:
    """The platform file and the environment, as given or found.

    `environment` is None where none was named: the platform file's own default then holds.
    """

    platform_path: Path
    named_environment: str | None
    has_named_platform: bool = False

    def load_platform(self) -> "Platform":
        """The platform as its environment runs it: without the regions that this leaves out."""
        from infctl.wiring import fit

        whole = self.load_whole_platform()
        platform = fit(whole)
        if left_out := [n for n in whole.region_names if n not in platform.region_names]:
            note(f"{platform.environment} is without {', '.join(left_out)}")
        return platform

    def load_whole_platform(self) -> "Platform":
        """Read the platform file with the environment's overlay."""
        from infctl.platform import load

        self.check_platform()
        name = self.named_environment
        return load(self.platform_path, name and self._overlay_of(name), environment=name or "")

    def check_platform(self) -> None:
        """ConfigurationError where the platform file is not there."""
        if not self.platform_path.is_file():
            raise ConfigurationError(
                f"there is no platform file at {self.platform_path}",
                hint="infctl init, or name one with --platform FILE",
            )

    def _overlay_of(self, name: str) -> str:
        """What the environment's access file says, so that two labs share one overlay."""
        from infctl.wiring import find_environment, state_folder

        found = find_environment(name)
        if found is None and is_name(name) and (state_folder() / "labs" / name).is_dir():
            raise ConfigurationError(f"the lab {name} is down", hint=f"infctl lab up --name {name}")
        return found.overlay if found is not None else name

    def open_world(self, platform: "Platform") -> "World":
        """The environment's ports, not yet connected; call its `close` in the end.

        Alarms that wait go along as soon as it is warm.
        """
        from infctl.executor.alarms import carrying
        from infctl.wiring import open_world

        return carrying(open_world(platform, platform.environment))


def make_context(platform: Path | None, environment: str | None) -> Context:
    """The context from flags, then environment variables, then defaults."""
    named = os.environ.get("INFCTL_PLATFORM", "platform.yaml")
    return Context(
        platform_path=platform or Path(named),
        named_environment=environment or os.environ.get("INFCTL_ENV") or None,
        has_named_platform=platform is not None or "INFCTL_PLATFORM" in os.environ,
    )


def context_of(ctx: Any) -> Context:
    """The Context of a typer context."""
    found = ctx.find_root().obj
    if isinstance(found, Context):
        return found
    return make_context(None, None)
