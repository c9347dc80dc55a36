"""The whole platform file as one frozen model."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr

from infctl.errors import ConfigurationError
from infctl.model.names import nearest
from infctl.platform.sections.autoscaling import Autoscaling
from infctl.platform.sections.base import Name, Section
from infctl.platform.sections.drills import Drills
from infctl.platform.sections.environments import Environment
from infctl.platform.sections.guards import Guards
from infctl.platform.sections.lock import Lock
from infctl.platform.sections.metrics import Metrics
from infctl.platform.sections.models import Model
from infctl.platform.sections.objectives import Objectives
from infctl.platform.sections.regions import Region
from infctl.platform.sections.server import Server
from infctl.platform.sections.service import Service
from infctl.platform.sections.traffic import Traffic


class Platform(Section):
    """One inference service over several regions, as one environment sees it.

    Durations are floats in seconds, percentages floats in 0..1. `models_source` is the folder of
    the artifacts, NAME/VERSION/model.onnx, relative to the file.
    """

    apiVersion: Literal["infctl.dev/v1"]  # noqa: N815 - the file's own key
    kind: Literal["Platform"]
    default_environment: Name
    service: Service
    regions: Annotated[tuple[Region, ...], Field(min_length=1, max_length=64)]
    models: Annotated[tuple[Model, ...], Field(min_length=1, max_length=64)]
    models_source: Annotated[str, Field(min_length=1, max_length=1024)] = "models"
    server: Server
    autoscaling: Autoscaling = Autoscaling()
    traffic: Traffic = Traffic()
    metrics: Metrics = Metrics()
    objectives: Objectives = Objectives()
    guards: Guards = Guards()
    lock: Lock = Lock()
    drills: Drills = Drills()
    environments: Annotated[dict[Name, Environment], Field(min_length=1)]

    _path: Path = PrivateAttr(default=Path("platform.yaml"))
    _overlay: str = PrivateAttr(default="")
    _environment: str = PrivateAttr(default="")

    def bind(self, path: Path, overlay: str, environment: str = "") -> "Platform":
        """Remember where it was read from, with which overlay, and for which environment."""
        self._path = path
        self._overlay = overlay
        self._environment = environment or overlay
        return self

    @property
    def path(self) -> Path:
        """The file that it was read from."""
        return self._path

    @property
    def environment(self) -> str:
        """The environment's name: its overlay's, unless several environments share one."""
        return self._environment or self.default_environment

    @property
    def overlay(self) -> str:
        """The overlay in force, a name under `environments`."""
        return self._overlay or self.default_environment

    @property
    def environment_class(self) -> str:
        """How careful to be: sim, staging or prod."""
        return self.environments[self.overlay].kind

    @property
    def region_names(self) -> tuple[str, ...]:
        """The regions' names, in the order of the file."""
        return tuple(region.name for region in self.regions)

    @property
    def models_folder(self) -> Path:
        """The folder of the artifacts."""
        return self._path.parent / self.models_source

    def without(self, names: Collection[str]) -> "Platform":
        """The same platform without the regions of these names; at least one has to remain."""
        kept = tuple(region for region in self.regions if region.name not in names)
        if not kept:
            raise ConfigurationError(f"the environment {self.environment} leaves out every region")
        return self.model_copy(update={"regions": kept})

    def region(self, name: str) -> Region:
        """The region of that name; ConfigurationError, with the nearest name, if there is none."""
        for region in self.regions:
            if region.name == name:
                return region
        meant = nearest(name, self.region_names)
        raise ConfigurationError(
            f"there is no region {name!r} in {self._path}",
            hint=f"did you mean {meant}?" if meant else f"one of {', '.join(self.region_names)}",
        )

    def keepers(self, region: str) -> tuple[str, ...]:
        """The regions whose buckets keep the switch of `region`: all others, in file order."""
        return tuple(name for name in self.region_names if name != region)
