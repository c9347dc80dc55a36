import json
import re

from infctl.model import fence
from infctl.platform import Platform
from infctl.platform.render.fence import render_fence, render_policies
from infctl.platform.render.region import render_region


def test_the_newest_fence_is_rendered_without_a_number() -> None:
    assert "data" not in render_fence()


def test_namespace_and_fence_come_before_what_compares_with_them(platform: Platform) -> None:
    names = [
        (m["kind"], m["metadata"]["name"]) for m in render_region(platform, "eu-west-1").objects
    ]
    order = [
        ("Namespace", fence.SYSTEM),
        ("ConfigMap", fence.CONFIG_MAP_NAME),
        ("ValidatingAdmissionPolicy", fence.POLICY_NAME),
        ("ValidatingAdmissionPolicyBinding", fence.POLICY_NAME),
        ("Deployment", "vision-stable"),
    ]
    assert sorted(order, key=names.index) == order


def test_every_service_of_a_cluster_renders_the_same_policies(platform: Platform) -> None:
    assert "vision" not in json.dumps([render_fence(), *render_policies()])


def test_every_policy_fails_closed_and_is_bound_to_deny() -> None:
    rendered = render_policies()
    for policy, binding in zip(rendered[::2], rendered[1::2], strict=True):
        assert policy["spec"]["failurePolicy"] == "Fail"
        assert binding["spec"]["validationActions"] == ["Deny"]
        assert binding["spec"]["policyName"] == policy["metadata"]["name"]


def test_the_policy_says_what_the_fakes_say() -> None:
    (policy, *_) = render_policies()
    unstamped, older = (v["messageExpression"] for v in policy["spec"]["validations"])
    assert unstamped == f"'{fence.UNSTAMPED}'"
    words = "".join(re.findall(r"'([^']*)'", older))
    assert words == re.sub(r"[\d]+", "", fence.older(6, 7))


def test_other_field_managers_are_no_business_of_the_fence() -> None:
    (policy, *_) = render_policies()
    conditions = {c["name"]: c["expression"] for c in policy["spec"]["matchConditions"]}
    assert "fieldManager == 'infctl'" in conditions["by-infctl"]
    assert f"!= '{fence.SYSTEM}'" in conditions["outside-of-our-own-namespace"]
