"""Samples as OpenMetrics text, which Prometheus' own promtool imports, and back. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

END = "# EOF\n"
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?')
_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+) ([0-9.]+)")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}
_BACK = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series; `at` in seconds since the epoch."""

    name: str
    labels: Mapping[str, str]
    value: float
    at: float


def format_series(series: Iterable[Mapping[str, Any]]) -> str:
    """Lines of series as Prometheus' API has them: {"metric": labels, "values": [[at, text]]}."""
    return "".join(_lines(series))


def _lines(series: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for one in series:
        labels = dict(one["metric"])
        name = labels.pop("__name__", "")
        inside = ",".join(f'{key}="{_escape(value)}"' for key, value in sorted(labels.items()))
        head = f"{name}{{{inside}}}" if inside else name
        for at, value in one["values"]:
            yield f"{head} {value} {at:.3f}\n"


def parse(text: str) -> Iterator[Sample]:
    """The samples of text that `format_series` wrote; ValueError for another line."""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        found = _SAMPLE.fullmatch(line)
        if found is None:
            raise ValueError(f"not a sample: {line[:80]!r}")
        labels = {key: _unescape(value) for key, value in _LABEL.findall(found[2] or "")}
        yield Sample(found[1], labels, float(found[3]), float(found[4]))


def _escape(text: str) -> str:
    return re.sub(r'[\\"\n]', lambda match: _ESCAPES[match[0]], text)


def _unescape(text: str) -> str:
    return re.sub(r'\\[\\"n]', lambda match: _BACK[match[0]], text)
