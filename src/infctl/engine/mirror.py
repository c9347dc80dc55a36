"""A run's journal as ConfigMaps, so that a colleague finds it in any cluster: pure.

One ConfigMap holds twenty records, a key for each; the first holds the order as well. A key names
the record's number and fence: whoever was overtaken writes beside the newer holder's records,
never over them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infctl.model.fence import SYSTEM as NAMESPACE
from infctl.model.journal import GENESIS, Record, parse
from infctl.ports.cluster import Object

RUN_LABEL = "infctl.dev/run"
ENVIRONMENT_LABEL = "infctl.dev/environment"
ORDER = "order"
PER_CHUNK = 20
LARGEST = 900_000
"""Bytes of one record that still fit: a ConfigMap holds 1 MiB."""


def chunk_of(seq: int) -> int:
    """The number of the ConfigMap that holds a record, from 0."""
    return (seq - 1) // PER_CHUNK


def chunk_name(run: str, number: int) -> str:
    """The ConfigMap's name."""
    return f"infctl-run-{run}-{number}"


def key_of(record: Record) -> str:
    """The record's key in its ConfigMap."""
    return f"r{record.seq:06d}.{record.fence}"


def chunk_manifest(run: str, environment: str, number: int, data: Mapping[str, str]) -> Object:
    """One ConfigMap, as it is created."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": chunk_name(run, number),
            "namespace": NAMESPACE,
            "labels": {RUN_LABEL: run, ENVIRONMENT_LABEL: environment},
        },
        "data": dict(data),
    }


def chunks(records: Iterable[Record]) -> dict[int, dict[str, str]]:
    """Records by ConfigMap and key; those that do not fit are left out, which ends the copy."""
    found: dict[int, dict[str, str]] = {}
    for record in records:
        text = record.canonical
        if len(text) > LARGEST:
            break
        found.setdefault(chunk_of(record.seq), {})[key_of(record)] = text
    return found


def read_records(run: str, objects: Iterable[Object]) -> tuple[Record, ...]:
    """The longest whole chain that the copies of one run hold, taken together.

    Where two records claim one place, the one with the newer fence counts. Anything that is no
    record of this run is left out: what lies in a cluster may have been written by anybody.
    """
    candidates: dict[int, list[Record]] = {}
    for text in _texts(objects):
        try:
            record = parse(text)
        except (ValueError, TypeError):
            continue
        if record.run == run and record.canonical == text:
            candidates.setdefault(record.seq, []).append(record)
    chain: list[Record] = []
    prev = GENESIS
    while fitting := [r for r in candidates.get(len(chain) + 1, ()) if r.prev == prev]:
        chain.append(max(fitting, key=lambda r: (r.fence, r.digest)))
        prev = chain[-1].digest
    return tuple(chain)


def read_order(run: str, objects: Iterable[Object]) -> dict[str, Any] | None:
    """The first order that the copies hold; None where none of them has a whole one."""
    return next(read_orders(run, objects), None)


def read_orders(run: str, objects: Iterable[Object]) -> Iterator[dict[str, Any]]:
    """Every order of the run that the copies hold; which of them is its own, its records say."""
    for found in objects:
        text = _data(found).get(ORDER)
        try:
            data = json.loads(text) if isinstance(text, str) else None
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict) and data.get("run") == run:
            yield data


def runs_in(objects: Iterable[Object]) -> dict[str, list[Object]]:
    """The ConfigMaps by run."""
    found: dict[str, list[Object]] = {}
    for each in objects:
        labels = each.get("metadata", {}).get("labels")
        run = labels.get(RUN_LABEL) if isinstance(labels, dict) else None
        if isinstance(run, str):
            found.setdefault(run, []).append(each)
    return found


def _texts(objects: Iterable[Object]) -> Iterable[str]:
    for found in objects:
        for key, text in _data(found).items():
            if key != ORDER and isinstance(text, str):
                yield text


def _data(found: Object) -> Mapping[str, Any]:
    data = found.get("data")
    return data if isinstance(data, dict) else {}
