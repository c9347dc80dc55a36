"""The targets of monitors, with the labels that discovery through Kubernetes would give. Pure.

Distributions build Prometheus without that discovery, so the labels are written into files; they
bear the same names (`__meta_kubernetes_…`), and relabelings written for a cluster work here.
"""

from collections.abc import Iterator

from infctl.lab import addresses
from infctl.lab.following import Key, Object
from infctl.lab.prometheus.meta import label_name, pod_meta, service_meta
from infctl.lab.prometheus.objects import Objects
from infctl.lab.prometheus.selecting import is_chosen, matches

SERVICE_LABEL = "kubernetes.io/service-name"
_OVER = ("Failed", "Succeeded")


def service_targets(monitor: Object, endpoint: Object, objects: Objects) -> list[Object]:
    """What an endpoint of a ServiceMonitor scrapes: a group for each address."""
    spec = monitor["spec"]
    found = []
    for where, service in objects.services.items():
        labels = service["metadata"].get("labels") or {}
        if not (is_chosen(where[0], monitor) and matches(spec.get("selector") or {}, labels)):
            continue
        job = labels.get(spec.get("jobLabel", ""), where[1])
        chosen = _labels_of(labels, spec.get("targetLabels"))
        for target in _service_ports(where, endpoint, objects):
            pod = target.pop("pod_object")
            group = _group(target, endpoint, pod, spec)
            group["labels"] |= {**chosen, "service": where[1], "job": job, **service_meta(service)}
            found.append(group)
    return _in_order(found)


def pod_targets(monitor: Object, endpoint: Object, objects: Objects) -> list[Object]:
    """What an endpoint of a PodMonitor scrapes."""
    spec = monitor["spec"]
    own = "/".join((monitor["metadata"]["namespace"], monitor["metadata"]["name"]))
    found = []
    for where, pod in objects.pods.items():
        labels = pod["metadata"].get("labels") or {}
        address = (pod.get("status") or {}).get("podIP")
        if not address or not is_chosen(where[0], monitor):
            continue
        if not matches(spec.get("selector") or {}, labels):
            continue
        for port in _container_ports(pod, endpoint):
            group = _group({"address": address, **port}, endpoint, pod, spec)
            group["labels"]["job"] = labels.get(spec.get("jobLabel", ""), own)
            found.append(group)
    return _in_order([g for g in found if g["targets"]])


def _service_ports(where: Key, endpoint: Object, objects: Objects) -> Iterator[Object]:
    """Addresses and ports behind a service that an endpoint of a monitor names."""
    namespace, name = where
    for item in objects.slices.values():
        metadata = item["metadata"]
        if metadata.get("namespace") != namespace:
            continue
        if (metadata.get("labels") or {}).get(SERVICE_LABEL) != name:
            continue
        for behind in item.get("endpoints") or []:
            reference = behind.get("targetRef") or {}
            is_pod = reference.get("kind") == "Pod"
            pod = objects.pods.get((namespace, reference["name"])) if is_pod else None
            if _is_over(pod, endpoint):
                continue
            for port in _slice_ports(item, pod, endpoint):
                for address in behind.get("addresses") or []:
                    yield {"address": address, "pod_object": pod, **port}


def _slice_ports(item: Object, pod: Object | None, endpoint: Object) -> list[Object]:
    if "port" in endpoint:
        ports = item.get("ports") or []
        named = [p for p in ports if (p.get("name") or "") == endpoint["port"] and p.get("port")]
        return [{"number": p["port"], "name": endpoint["port"]} for p in named]
    return _container_ports(pod, endpoint) if pod else []


def _container_ports(pod: Object, endpoint: Object) -> list[Object]:
    """The pod's ports with the number or name that the endpoint asks for."""
    if _is_over(pod, endpoint):
        return []
    wanted = {endpoint.get(field) for field in ("port", "targetPort", "portNumber")} - {None}
    containers = (pod.get("spec") or {}).get("containers") or []
    return [
        {"number": p["containerPort"], "name": p.get("name", ""), "container": c["name"]}
        for c in containers
        for p in c.get("ports") or []
        if wanted & {p.get("name"), p["containerPort"]}
    ]


def _is_over(pod: Object | None, endpoint: Object) -> bool:
    phase = ((pod or {}).get("status") or {}).get("phase")
    return bool(endpoint.get("filterRunning", True)) and phase in _OVER


def _group(target: Object, endpoint: Object, pod: Object | None, spec: Object) -> Object:
    """A group of one target, with the labels that the operator's own configuration gives."""
    labels = {"endpoint": str(endpoint.get("port") or target["name"] or target["number"])}
    if pod:
        metadata = pod["metadata"]
        labels |= _labels_of(metadata.get("labels") or {}, spec.get("podTargetLabels"))
        labels |= {"namespace": metadata["namespace"], "pod": metadata["name"]}
        container = target.get("container") or _container_of(pod, target["number"])
        labels |= {"container": container} if container else {}
        labels |= pod_meta(pod, target["number"], container)
    # A pod is known as 239.x.y.z and listens on 127.x.y.z.
    address = f"{addresses.listens_on(target['address'])}:{target['number']}"
    return {"targets": [address], "labels": labels}


def _container_of(pod: Object, number: int) -> str:
    containers = (pod.get("spec") or {}).get("containers") or []
    having = (c for c in containers for p in c.get("ports") or [] if p["containerPort"] == number)
    return str(next((c["name"] for c in having), ""))


def _labels_of(labels: Object, chosen: list[str] | None) -> Object:
    return {label_name(name): labels[name] for name in chosen or [] if name in labels}


def _in_order(groups: list[Object]) -> list[Object]:
    return sorted(groups, key=lambda group: (group["targets"], sorted(group["labels"].items())))
