"""Whether the undo that a journal holds can be that of its step: pure.

It is data, and whoever can write the journal can write it. So it must be a whole operation of a
known kind, with arguments that the kind takes, and aim where the step aimed.
"""

from collections.abc import Mapping
from typing import Any

from infctl.errors import Refused
from infctl.model.plan import Operation

_AIM = frozenset(
    {
        *("region", "namespace", "name", "node", "pod", "key", "fault", "target", "zone", "host"),
        *("bucket", "load", "log", "config", "flag", "service", "environment", "keepers"),
        *("api_version", "step"),
    }
)
"""The arguments that say what is acted on, in whichever operation they are."""
_OBJECTS = frozenset({"apply_object", "remove_object"})
"""Whose `kind` is that of an object; elsewhere the operation itself says what it acts on."""
_OPPOSITES: dict[str, frozenset[str]] = {
    "apply_object": frozenset({"remove_object"}),
    "cordon_node": frozenset({"uncordon_node"}),
    "drain_node": frozenset({"uncordon_node"}),
    "hold_replicas": frozenset({"release_replicas"}),
    "inject_fault": frozenset({"heal_fault"}),
    "pause_autoscaling": frozenset({"resume_autoscaling"}),
    "release_replicas": frozenset({"hold_replicas"}),
    "remove_object": frozenset({"apply_object"}),
    "resume_autoscaling": frozenset({"pause_autoscaling"}),
    "start_load": frozenset({"stop_load"}),
    "switch_region_off": frozenset({"switch_region_on"}),
    "switch_region_on": frozenset({"switch_region_off"}),
    "uncordon_node": frozenset({"cordon_node"}),
}
"""What takes an operation back besides another one of its own kind."""

_OUTSIDE = frozenset({"call_http", "run_command"})
"""What the plan itself says how to take back, word by word."""


def check_aim(step: Operation, undo: Operation) -> None:
    """Raise Refused where the undo does or aims at what the step never did or touched."""
    if undo.kind in _OUTSIDE:
        if undo.kind != step.kind or undo.args != step.args.get("undo"):
            raise _elsewhere("program or endpoint")
        return
    if undo.kind != step.kind and undo.kind not in _OPPOSITES.get(step.kind, ()):
        raise Refused(
            f"the journal's undo is {undo.kind}, which takes no {step.kind} back",
            unchanged="nothing was taken back",
        )
    if None not in (undo.region, step.region) and undo.region != step.region:
        raise _elsewhere("region")
    ours, theirs = _aim(step), _aim(undo)
    for name in sorted(ours.keys() & theirs.keys()):
        if not _is_within(theirs[name], ours[name]):
            raise _elsewhere(name)


def _aim(operation: Operation) -> dict[str, Any]:
    """What says on what it acts; a manifest says it in words of its own."""
    args = operation.args
    found = {name: args[name] for name in _AIM & args.keys()}
    if operation.kind not in _OBJECTS:
        return found
    manifest = args.get("manifest")
    if not isinstance(manifest, Mapping):
        return {"namespace": None, **found, "kind": args.get("kind")}
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    named = {"api_version": manifest.get("apiVersion"), "kind": manifest.get("kind")}
    return {**found, **named, "name": metadata.get("name"), "namespace": metadata.get("namespace")}


def _is_within(undo: Any, step: Any) -> bool:
    """The same, or of several the some that were changed."""
    if isinstance(undo, Mapping) and isinstance(step, Mapping):
        return all(name in step and step[name] == value for name, value in undo.items())
    return bool(undo == step)


def _elsewhere(name: str) -> Refused:
    return Refused(
        f"the journal's undo aims at another {name} than its step",
        unchanged="nothing was taken back",
    )
