"""What the container's environment asks for, read strictly. Standard library only."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_STORE = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/?")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_MOST_MODELS = 64


class ConfigurationError(Exception):
    """A variable is missing or says something that cannot be done."""


@dataclass(frozen=True, slots=True)
class Model:
    """A version of a model, and the digest that its artifact must have."""

    name: str
    version: str
    digest: str

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"


@dataclass(frozen=True, slots=True)
class Configuration:
    """The variables of docs/decisions/0001; times in seconds.

    `drain` is how long a server that was told to end still takes requests, so that gateways
    learn of it before they find its port closed.
    """

    host: str
    bucket: str
    region: str
    models: tuple[Model, ...]
    slots: int
    service_time: float
    queue_limit: int
    latency_ceiling: float
    warmup_requests: int
    drain: float


def read_configuration(environment: Mapping[str, str]) -> Configuration:
    """The configuration; ConfigurationError names the first variable that is wrong."""
    return Configuration(
        host=_host(environment),
        bucket=_matching(environment, "MODEL_STORE", _STORE, "s3://BUCKET").group(1),
        region=_matching(environment, "MODEL_STORE_REGION", _REGION, "a region's name").group(),
        models=_models(environment),
        slots=int(_number(environment, "SLOTS", 1, 1024, whole=True)),
        service_time=_number(environment, "SERVICE_TIME_MS", 0, 60_000) / 1000,
        queue_limit=int(_number(environment, "QUEUE_LIMIT", 0, 100_000, whole=True)),
        latency_ceiling=_number(environment, "LATENCY_CEILING_MS", 1, 600_000) / 1000,
        warmup_requests=int(_number(environment, "WARMUP_REQUESTS", 1, 10_000, whole=True)),
        drain=_number({"DRAIN_MS": "1500", **environment}, "DRAIN_MS", 0, 600_000) / 1000,
    )


def _host(environment: Mapping[str, str]) -> str:
    # MLServer's own default is to listen on every address of the machine.
    host = environment.get("MLSERVER_HOST", "")
    if not host:
        raise ConfigurationError("MLSERVER_HOST is not set: it is the address to listen on")
    return host


def _matching(
    environment: Mapping[str, str], name: str, pattern: re.Pattern[str], form: str
) -> re.Match[str]:
    text = environment.get(name, "")
    found = pattern.fullmatch(text)
    if found is None:
        raise ConfigurationError(f"{name} must be {form}, not {_show(text)}")
    return found


def _number(
    environment: Mapping[str, str], name: str, least: float, most: float, *, whole: bool = False
) -> float:
    text = environment.get(name, "")
    kind = "a whole number" if whole else "a number"
    try:
        value = float(int(text)) if whole else float(text)
    except (ValueError, OverflowError):
        value = math.nan
    # Comparing to NaN is false, so that too is refused.
    if not least <= value <= most:
        raise ConfigurationError(
            f"{name} must be {kind} from {least:g} to {most:g}, not {_show(text)}"
        )
    return value


def _models(environment: Mapping[str, str]) -> tuple[Model, ...]:
    text = environment.get("MODELS", "")
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigurationError(f"MODELS must be a JSON list, not {_show(text)}") from None
    if not isinstance(plain, list) or not 1 <= len(plain) <= _MOST_MODELS:
        raise ConfigurationError(f"MODELS must be a list of 1 to {_MOST_MODELS} models")
    models = tuple(_model(entry) for entry in plain)
    if len({(model.name, model.version) for model in models}) < len(models):
        raise ConfigurationError("MODELS names one version twice")
    return models


def _model(entry: Any) -> Model:
    rules = {"name": _NAME, "version": _NAME, "digest": _DIGEST}
    if not isinstance(entry, dict) or set(entry) != set(rules):
        raise ConfigurationError("each of MODELS must have name, version and digest alone")
    for key, rule in rules.items():
        if not isinstance(entry[key], str) or not rule.fullmatch(entry[key]):
            raise ConfigurationError(f"MODELS: {_show(str(entry[key]))} is no {key} of a model")
    return Model(**entry)


def _show(text: str) -> str:
    """Outside text on one line, and not much of it."""
    shown = ascii(text)
    return shown if len(shown) <= 60 else shown[:57] + "..."
