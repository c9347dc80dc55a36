"""The bodies of requests that are no manifests: deletions, evictions, access reviews. Pure."""

from collections.abc import Mapping

from infctl.ports.cluster import Kind, Object

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def delete_options(uid: str | None, resource_version: str | None) -> Object:
    """What a deletion holds to."""
    wanted = {"uid": uid, "resourceVersion": resource_version}
    held = {name: value for name, value in wanted.items() if value}
    options: Object = {"apiVersion": "v1", "kind": "DeleteOptions"}
    return options | ({"preconditions": held} if held else {})


def eviction(
    name: str, namespace: str, uid: str | None, annotations: Mapping[str, str] | None
) -> Object:
    """An Eviction of one pod."""
    metadata: Object = {"name": name, "namespace": namespace}
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": metadata,
        "deleteOptions": delete_options(uid, None),
    }


def access_review(
    verb: str, kind: Kind, plural: str, namespace: str | None, subresource: str
) -> Object:
    """The question whether whoever asks may do that."""
    group, _, version = kind.api_version.rpartition("/")
    wanted = {
        "verb": verb,
        "group": group,
        "version": version,
        "resource": plural,
        "namespace": namespace or "",
        "subresource": subresource,
    }
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {k: v for k, v in wanted.items() if v}},
    }


def is_allowed(review: Object) -> bool:
    """The answer to an access review; one that could not be evaluated whole is a no."""
    status = review.get("status")
    if not isinstance(status, dict) or status.get("evaluationError"):
        return False
    return status.get("allowed") is True and not status.get("denied")
