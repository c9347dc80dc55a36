"""What lets an API server refuse a holder who slept: the fence, its guard, and approvals' authors.

The policies are meant for infctl alone: people, kubectl and controllers are never in their way.
Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

from typing import Any

from infctl.model import fence
from infctl.platform.render.naming import MANAGED_BY, MANAGER, NAME, Object

_ADMISSION = "admissionregistration.k8s.io/v1"
_BY_US = (
    "has(request.options) && has(request.options.fieldManager)"
    f" && request.options.fieldManager == '{MANAGER}'"
)
_ITEM = "(request.operation == 'DELETE' ? oldObject : object)"


def render_system_namespace() -> Object:
    """Where locks, fences, copies of journals and approvals are kept."""
    return _build("v1", "Namespace", fence.SYSTEM)


def render_fence() -> Object:
    """The ConfigMap of the newest fence, without a number: applying it again never lowers one."""
    rendered = _build("v1", "ConfigMap", fence.CONFIG_MAP_NAME)
    rendered["metadata"]["namespace"] = fence.SYSTEM
    return rendered


def render_policies() -> list[Object]:
    """The policies, each followed by its binding."""
    fenced = _binding(fence.POLICY_NAME)
    fenced["spec"]["paramRef"] = {
        "name": fence.CONFIG_MAP_NAME,
        "namespace": fence.SYSTEM,
        "parameterNotFoundAction": "Allow",
    }
    return [
        render_fence_policy(),
        fenced,
        render_guard_policy(),
        _binding(fence.GUARD_NAME),
        render_authors_policy(),
        _binding(fence.AUTHORS_NAME),
    ]


def render_fence_policy() -> Object:
    """Writes of infctl carry a fence that is not older than the newest granted in this cluster.

    A deletion has no field manager: one of infctl is known by the mark that it put on the object,
    and by its two preconditions, which people and the controllers of kube-system never give both.
    """
    return _policy(
        fence.POLICY_NAME,
        rules=[_rule("*", ["*/*"], "CREATE", "UPDATE", "DELETE")],
        excluded=[
            _rule("", ["events"], "*"),
            _rule("events.k8s.io", ["events"], "*"),
            _rule("coordination.k8s.io", ["leases"], "*"),
            _rule("authentication.k8s.io", ["*/*"], "*"),
            _rule("authorization.k8s.io", ["*/*"], "*"),
        ],
        conditions={
            "outside-of-our-own-namespace": (
                # What lies in no namespace has none in its request either.
                f"!has(request.namespace) || request.namespace != '{fence.SYSTEM}'"
                f" || request.name == '{fence.PROOF_NAME}'"
            ),
            "by-infctl": f"{_written_by_us()} || {_evicted_by_us()} || {_deleted_by_us()}",
        },
        variables={
            "text": _annotation(_ITEM),
            "before": f"request.operation == 'UPDATE' ? {_annotation('oldObject')} : ''",
            "carried": f"variables.text.matches('{fence.DIGITS}') ? int(variables.text) : -1",
            "granted": _number("params", missing="0", broken=str(fence.NEWEST)),
            # A dry run that stamps nothing plans a change; it takes nobody's place.
            "plans": (
                "request.dryRun && (variables.text == '' || variables.text == variables.before)"
            ),
        },
        validations=[
            (
                "variables.plans || variables.granted == 0 || variables.carried >= 0",
                f"'{fence.UNSTAMPED}'",
            ),
            (
                "variables.plans || variables.carried < 0"
                " || variables.carried >= variables.granted",
                "'fence ' + string(variables.carried) + ' is older than '"
                " + string(variables.granted) + ', the newest granted here'",
            ),
        ],
        parameters={"apiVersion": "v1", "kind": "ConfigMap"},
    )


def render_guard_policy() -> Object:
    """The fence's number only grows, whoever writes it, and goes with its namespace alone."""
    return _policy(
        fence.GUARD_NAME,
        rules=[_rule("", ["configmaps"], "CREATE", "UPDATE", "DELETE")],
        conditions={
            "is-the-fence": (
                f"request.namespace == '{fence.SYSTEM}'"
                f" && {_ITEM}.metadata.name == '{fence.CONFIG_MAP_NAME}'"
            )
        },
        variables={
            "after": "request.operation == 'DELETE' ? -1 : "
            + _number("object", missing="0", broken="-1"),
            "before": "request.operation == 'CREATE' ? 0 : "
            + _number("oldObject", missing="0", broken="0"),
            "ends": "has(namespaceObject.metadata.deletionTimestamp)",
        },
        validations=[
            ("request.operation == 'DELETE' || variables.after >= 0", f"'{fence.NO_NUMBER}'"),
            (
                "request.operation == 'DELETE' ? variables.ends"
                " : variables.after < 0 || variables.after >= variables.before",
                f"'{fence.SHRINKS}'",
            ),
        ],
    )


def render_authors_policy() -> Object:
    """An approval is by whoever wrote it, and stays what it was."""
    label = "infctl.dev/approval"
    labelled = f"has(oldObject.metadata.labels) && '{label}' in oldObject.metadata.labels"
    return _policy(
        fence.AUTHORS_NAME,
        rules=[_rule("", ["configmaps"], "CREATE", "UPDATE")],
        selector={"matchExpressions": [{"key": label, "operator": "Exists"}]},
        conditions={"in-our-own-namespace": f"request.namespace == '{fence.SYSTEM}'"},
        variables={
            "stood": f"request.operation == 'UPDATE' && {labelled}",
            "by": "has(object.data) && 'by' in object.data ? object.data.by : ''",
        },
        validations=[
            (
                "variables.stood || variables.by == request.userInfo.username",
                "'an approval is by whoever writes it: ' + request.userInfo.username",
            ),
            (
                f"!variables.stood || ({_same('data')} && {_same('binaryData')}"
                " && object.metadata.?labels == oldObject.metadata.?labels)",
                "'an approval is never changed'",
            ),
        ],
    )


def _written_by_us() -> str:
    return f"(request.operation != 'DELETE' && {_BY_US})"


def _evicted_by_us() -> str:
    """Evictions of others have no such annotation."""
    is_eviction = (
        "request.operation == 'CREATE' && has(request.subResource)"
        " && request.subResource == 'eviction'"
    )
    return f"({is_eviction} && {_annotation('object')} != '')"


def _deleted_by_us() -> str:
    held = (
        "has(request.options) && has(request.options.preconditions)"
        " && has(request.options.preconditions.uid)"
        " && has(request.options.preconditions.resourceVersion)"
    )
    marked = (
        "oldObject != null && has(oldObject.metadata) && has(oldObject.metadata.annotations)"
        f" && '{fence.DELETING}' in oldObject.metadata.annotations"
    )
    people = "!('system:serviceaccounts:kube-system' in request.userInfo.?groups.orValue([]))"
    return f"(request.operation == 'DELETE' && {marked} && {held} && {people})"


def _annotation(item: str) -> str:
    found = f"{item}.metadata.annotations"
    there = f"has({item}.metadata) && has({found}) && '{fence.FENCE}' in {found}"
    return f"({there} ? string({found}['{fence.FENCE}']) : '')"


def _number(item: str, *, missing: str, broken: str) -> str:
    found = f"{item}.data['{fence.KEY}']"
    there = f"has({item}.data) && '{fence.KEY}' in {item}.data"
    is_one = f"{found}.matches('{fence.DIGITS}')"
    return f"(!({there}) ? {missing} : {is_one} ? int({found}) : {broken})"


def _same(field: str) -> str:
    return f"object.?{field} == oldObject.?{field}"


def _rule(group: str, resources: list[str], *operations: str) -> Object:
    return {
        "apiGroups": [group],
        "apiVersions": ["*"],
        "operations": list(operations),
        "resources": resources,
        "scope": "*",
    }


def _policy(
    name: str,
    *,
    rules: list[Object],
    conditions: dict[str, str],
    variables: dict[str, str],
    validations: list[tuple[str, str]],
    excluded: list[Object] | None = None,
    selector: Object | None = None,
    parameters: Object | None = None,
) -> Object:
    spec: dict[str, Any] = {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "matchPolicy": "Equivalent",
            "namespaceSelector": {},
            "objectSelector": selector or {},
            "resourceRules": rules,
        },
        "matchConditions": [{"name": n, "expression": e} for n, e in conditions.items()],
        "variables": [{"name": n, "expression": e} for n, e in variables.items()],
        "validations": [{"expression": e, "messageExpression": m} for e, m in validations],
    }
    if excluded:
        spec["matchConstraints"]["excludeResourceRules"] = excluded
    if parameters:
        spec["paramKind"] = parameters
    return _build(_ADMISSION, "ValidatingAdmissionPolicy", name, spec=spec)


def _binding(name: str) -> Object:
    spec = {"policyName": name, "validationActions": ["Deny"]}
    return _build(_ADMISSION, "ValidatingAdmissionPolicyBinding", name, spec=spec)


def _build(api_version: str, kind: str, name: str, **content: Any) -> Object:
    """Of no service: every service of a cluster renders the same bytes."""
    labels = {NAME: MANAGER, MANAGED_BY: MANAGER}
    metadata: Object = {"name": name, "labels": labels}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}
