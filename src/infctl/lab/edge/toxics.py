"""What a fault does to a proxy, in Toxiproxy's words. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

IN: Final = "upstream"
OUT: Final = "downstream"
STREAMS: Final = {"in": (IN,), "out": (OUT,), "both": (IN, OUT)}
"""From a fault's direction to Toxiproxy's streams: `in` are requests, `out` their answers."""
BYTES_OF_RATE: Final = 1000
"""Toxiproxy counts a bandwidth in these."""


@dataclass(frozen=True, slots=True)
class Toxic:
    """`toxicity` is the share of connections that it strikes, from 0 to 1."""

    type: str
    stream: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    toxicity: float = 1.0

    def describe(self, name: str) -> dict[str, Any]:
        """As Toxiproxy's API takes it."""
        return {
            "name": name,
            "type": self.type,
            "stream": self.stream,
            "toxicity": self.toxicity,
            "attributes": dict(self.attributes),
        }


_STRIKING_SECONDS: Final = 10.0

Parameters = Mapping[str, Any]
Shape = tuple[str, dict[str, Any], float]
"""A toxic's type, attributes and toxicity."""


def toxics(kind: str, parameters: Parameters, at: float) -> list[Toxic]:
    """The toxics of a fault that began at `at`, in seconds since the epoch; `refuse` has none."""
    if kind not in _SHAPES:
        return []
    type_, attributes, toxicity = _SHAPES[kind](parameters, at)
    streams = STREAMS[parameters.get("direction", "out")]
    return [Toxic(type_, stream, attributes, toxicity) for stream in streams]


def _swallow(parameters: Parameters, at: float) -> Shape:
    del parameters, at
    return "timeout", {"timeout": 0}, 1.0


def _slow(parameters: Parameters, at: float) -> Shape:
    del at
    latency, jitter = round(parameters["latency_ms"]), round(parameters["jitter_ms"])
    return "latency", {"latency": latency, "jitter": jitter}, 1.0


def _limit(parameters: Parameters, at: float) -> Shape:
    del at
    return "bandwidth", {"rate": round(parameters["bytes_per_second"] / BYTES_OF_RATE)}, 1.0


def _lossy(parameters: Parameters, at: float) -> Shape:
    del at
    return "reset_peer", {"timeout": 0}, parameters["percent"] / 100


def _half_open(parameters: Parameters, at: float) -> Shape:
    """The toxic is our own, in silence.go; an edge that starts again knows no older connection."""
    del parameters
    return "silence", {"until": round((at + _STRIKING_SECONDS) * 1000)}, 1.0


_SHAPES: Final[dict[str, Callable[[Parameters, float], Shape]]] = {
    "swallow": _swallow,
    "slow": _slow,
    "limit": _limit,
    "lossy": _lossy,
    "half_open": _half_open,
}
