"""Writes without a fence, so that clusters cannot tell an old holder from a new one."""

from infctl.simulator.engine import Engine

FAULTS = ("rival", "suspend")
ENGINE = Engine(fence=lambda clusters, fence, run, clock, tell: clusters)
