"""Which volumes of a pod the lab can do without, and which keep it from starting; pure."""

from infctl.lab.agent.facts import Object

TOKEN_PREFIX = "kube-api-access-"  # noqa: S105


def blocking_volumes(spec: Object) -> list[str]:
    """Volumes that a pod needs and that the lab cannot give; a pod with one is not started."""
    return [
        f"{volume['name']} ({_kind(volume)})"
        for volume in spec.get("volumes") or ()
        if not _is_token(volume) and "emptyDir" not in volume
    ]


def absent_paths(spec: Object) -> list[str]:
    """Where a container expects a folder that is not there, though the pod starts without it."""
    return sorted(
        {
            mount["mountPath"]
            for container in [*(spec.get("initContainers") or ()), *spec["containers"]]
            for mount in container.get("volumeMounts") or ()
        }
    )


def _is_token(volume: Object) -> bool:
    """The credentials that Kubernetes adds to each pod that does not refuse them."""
    return "projected" in volume and str(volume["name"]).startswith(TOKEN_PREFIX)


def _kind(volume: Object) -> str:
    return next((key for key in volume if key != "name"), "of no kind")
