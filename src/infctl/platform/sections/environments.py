"""Environments: what differs from the platform's own values, by name."""

from typing import Literal

from pydantic import Field

from infctl.platform.sections.base import Section


class Environment(Section):
    """An environment's class decides how careful infctl is; its other values are an overlay."""

    kind: Literal["sim", "staging", "prod"] = Field(alias="class")
