"""A pod's status as the kubelet would write it, from what is known of its containers; pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

from infctl.lab.agent.facts import Object, PodFacts
from infctl.lab.agent.view import Running, State, Terminated, View, Waiting

_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady")


def make_status(
    pod: Object,
    facts: PodFacts,
    views: Sequence[View],
    first: Sequence[View],
    *,
    since: float,
    is_ending: bool,
) -> Object:
    """The status of a pod; `first` are its init containers, `since` when it came to its node."""
    phase = find_phase(views, first, pod["spec"].get("restartPolicy", "Always"), is_ending)
    status: Object = {
        "phase": phase,
        "hostIP": facts.node_address,
        "hostIPs": [{"ip": facts.node_address}],
        "podIP": facts.known_address,
        "podIPs": [{"ip": facts.known_address}],
        "startTime": timestamp(since),
        "conditions": _conditions(pod, views, first, phase, is_ending),
        "containerStatuses": [_container(v) for v in views],
    }
    if first:
        status["initContainerStatuses"] = [_container(v) for v in first]
    if generation := pod["metadata"].get("generation"):
        status["observedGeneration"] = generation
    return status


def find_phase(
    views: Sequence[View], first: Sequence[View], policy: str, is_ending: bool = False
) -> str:
    """The kubelet's rules for a pod's phase."""
    if not is_ending and not are_initialized(first):
        return "Failed" if policy == "Never" and any(map(_has_failed, first)) else "Pending"
    ended = [view for view in views if _ended(view)]
    if not is_ending and any(isinstance(v.state, Waiting) and not v.last for v in views):
        return "Pending"
    if any(isinstance(v.state, Running) for v in views):
        return "Running"
    if len(ended) < len(views):
        return "Failed" if is_ending else "Pending"
    if policy == "Always" and not is_ending:
        return "Running"
    if all(end.ending.code == 0 for v in ended if (end := _ended(v))):
        return "Succeeded"
    return "Failed" if policy == "Never" or is_ending else "Running"


def _ended(view: View) -> Terminated | None:
    """How it ended last, unless it runs."""
    if isinstance(view.state, Terminated):
        return view.state
    return view.last if isinstance(view.state, Waiting) else None


def _has_failed(view: View) -> bool:
    ended = isinstance(view.state, Terminated) and view.state.ending.code != 0
    return ended and not view.is_sidecar


def are_initialized(first: Sequence[View]) -> bool:
    """Whether every init container has ended well, or was started if it is a sidecar."""
    return all(
        v.has_started
        if v.is_sidecar
        else isinstance(v.state, Terminated) and v.state.ending.code == 0
        for v in first
    )


def _conditions(
    pod: Object, views: Sequence[View], first: Sequence[View], phase: str, is_ending: bool
) -> list[Object]:
    pending = [v.name for v in first if not are_initialized([v])]
    served = [*(v for v in first if v.is_sidecar), *views]
    unready = [v.name for v in served if is_ending or not v.is_ready]
    gates = [g["conditionType"] for g in pod["spec"].get("readinessGates") or ()]
    known = {c["type"]: c for c in (pod.get("status") or {}).get("conditions") or ()}
    closed = [g for g in gates if known.get(g, {}).get("status") != "True"]
    told = {
        "PodReadyToStartContainers": _condition([], "", ""),
        "Initialized": _condition(
            pending, "ContainersNotInitialized", "containers with incomplete status: "
        ),
        "ContainersReady": _unready(unready, phase),
        "Ready": _unready(unready, phase),
    }
    if closed and not unready:
        told["Ready"] = _condition(closed, "ReadinessGatesNotReady", "gates that are not true: ")
    return [_dated({"type": kind, **told[kind]}, known.get(kind)) for kind in _CONDITIONS]


def _unready(unready: list[str], phase: str) -> Object:
    if phase in ("Succeeded", "Failed"):
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        return {"status": "False", "reason": reason, "message": ""}
    return _condition(unready, "ContainersNotReady", "containers with unready status: ")


def _condition(missing: list[str], reason: str, message: str) -> Object:
    if not missing:
        return {"status": "True", "reason": "", "message": ""}
    return {"status": "False", "reason": reason, "message": f"{message}[{' '.join(missing)}]"}


def _dated(condition: Object, before: Object | None) -> Object:
    """Its moment of change stays where its status stays."""
    same = before and before.get("status") == condition["status"]
    at = before["lastTransitionTime"] if before and same else timestamp(datetime.now().timestamp())
    return {**condition, "lastTransitionTime": at}


def _container(view: View) -> Object:
    status: Object = {
        "name": view.name,
        "image": view.image,
        "imageID": view.image_id,
        "state": _state(view.state),
        "lastState": _state(view.last) if view.last else {},
        "restartCount": view.restarts,
        "ready": view.is_ready,
        "started": view.is_started,
    }
    if view.container_id:
        status["containerID"] = view.container_id
    return status


def _state(state: State) -> Object:
    match state:
        case Waiting(reason, message):
            return {"waiting": _filled({"reason": reason, "message": message})}
        case Running(started):
            return {"running": {"startedAt": timestamp(started)}}
        case Terminated(ending, identity):
            told = {
                "reason": state.reason,
                "message": state.message,
                "signal": ending.signal,
                "containerID": identity,
            }
            return {
                "terminated": {
                    "exitCode": ending.code,
                    "startedAt": timestamp(ending.started),
                    "finishedAt": timestamp(ending.finished),
                    **_filled(told),
                }
            }


def _filled(values: Object) -> Object:
    """Without what says nothing: the API server leaves that out, so we would write it for ever."""
    return {key: value for key, value in values.items() if value}


def timestamp(seconds: float) -> str:
    """A time as Kubernetes writes it, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def covers(actual: object, wanted: object) -> bool:
    """Whether the API server's object already says all of what we want it to say."""
    if isinstance(wanted, dict):
        if not isinstance(actual, dict):
            return not any(wanted.values()) and actual is None
        return all(covers(actual.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return _covers_list(actual if isinstance(actual, list) else [], wanted)
    return actual == wanted or (not wanted and not actual)


def _covers_list(actual: list[object], wanted: list[object]) -> bool:
    if wanted and isinstance(wanted[0], dict) and "type" in wanted[0]:
        by_type = {item["type"]: item for item in actual if isinstance(item, dict)}
        return all(covers(by_type.get(w["type"]), w) for w in wanted if isinstance(w, dict))
    return len(actual) == len(wanted) and all(map(covers, actual, wanted))
