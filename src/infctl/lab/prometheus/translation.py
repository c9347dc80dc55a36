"""Objects in, scrape jobs and rules out. Pure; what cannot be served is refused with the reason."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from infctl.lab.following import Object, key
from infctl.lab.prometheus import scraping
from infctl.lab.prometheus.discovery import pod_targets, service_targets
from infctl.lab.prometheus.objects import (
    Job,
    Objects,
    Refusal,
    RuleFile,
    Unserved,
    refuse_others,
)

Targets = Callable[[Object, Object, Objects], list[Object]]
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)
_GROUP_FIELDS = frozenset({"name", "interval", "rules", "limit"})
_RULE_FIELDS = frozenset(
    {"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
)


def make_jobs(objects: Objects, lab_interval: float) -> tuple[list[Job], list[Refusal]]:
    """The jobs of all monitors by their names, and the monitors that are left out."""
    jobs: list[Job] = []
    refused: list[Refusal] = []
    for item, making in _monitors(objects, lab_interval):
        try:
            jobs += list(making(item))
        except Unserved as problem:
            refused.append(Refusal(item, str(problem)))
        except _MALFORMED as error:
            refused.append(Refusal(item, f"cannot be read: {error!r}"))
    return jobs, refused


def make_rules(objects: Objects) -> tuple[list[RuleFile], list[Refusal]]:
    """The rules of all PrometheusRules, and those that cannot be read."""
    files: list[RuleFile] = []
    refused: list[Refusal] = []
    for _, item in sorted(objects.rules.items()):
        try:
            groups = [_group(g) for g in item["spec"].get("groups") or []]
        except Unserved as problem:
            refused.append(Refusal(item, str(problem)))
        except _MALFORMED as error:
            refused.append(Refusal(item, f"cannot be read: {error!r}"))
        else:
            files.append(RuleFile(item, _file(item), groups))
    return files, refused


def _monitors(
    objects: Objects, lab_interval: float
) -> Iterator[tuple[Object, Callable[[Object], Iterator[Job]]]]:
    def of_services(item: Object) -> Iterator[Job]:
        refuse_others(item["spec"], scraping.SERVICE_MONITOR, "")
        return _jobs("serviceMonitor", item, "endpoints", service_targets, objects, lab_interval)

    def of_pods(item: Object) -> Iterator[Job]:
        refuse_others(item["spec"], scraping.POD_MONITOR, "")
        return _jobs("podMonitor", item, "podMetricsEndpoints", pod_targets, objects, lab_interval)

    yield from ((item, of_services) for _, item in sorted(objects.service_monitors.items()))
    yield from ((item, of_pods) for _, item in sorted(objects.pod_monitors.items()))


def _jobs(
    kind: str,
    item: Object,
    field: str,
    find_targets: Targets,
    objects: Objects,
    lab_interval: float,
) -> Iterator[Job]:
    namespace, name = key(item)
    for number, endpoint in enumerate(item["spec"].get(field) or []):
        title = f"{kind}/{namespace}/{name}/{number}"
        configuration = scraping.make_job(title, endpoint, item, lab_interval)
        targets = find_targets(item, endpoint, objects)
        yield Job(item, f"{_file(item)}-{number}", configuration, targets)


def _group(given: Object) -> Object:
    refuse_others(given, _GROUP_FIELDS | {"partial_response_strategy"}, "groups: ")
    made: dict[str, Any] = {name: given[name] for name in _GROUP_FIELDS if name in given}
    made["rules"] = [_rule(rule) for rule in given.get("rules") or []]
    return made


def _rule(given: Object) -> Object:
    refuse_others(given, _RULE_FIELDS, "rules: ")
    return {**given, "expr": str(given["expr"])}


def _file(item: Object) -> str:
    """A file's name for an object: names of objects may be longer than those of files."""
    return re.sub(r"[^a-zA-Z0-9-]", "", str(item["metadata"]["uid"]))
