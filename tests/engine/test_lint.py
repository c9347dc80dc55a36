"""The plan linter: calls of control planes, missing undo, bounds and verification are found."""

from dataclasses import replace

import pytest
from toy_facts import PLATFORM, facts_at

from infctl.content.control_planes import problem_of, services
from infctl.content.supposed import supposed_facts
from infctl.drills import failover as drill
from infctl.engine.lint import lint
from infctl.engine.operations import find, kinds
from infctl.model.outcome import Word
from infctl.model.plan import Operation, Plan, Step
from infctl.runbooks import failover, restore

SEEDED = (
    "route53:ChangeResourceRecordSets",
    "route53:CreateHealthCheck",
    "route53:UpdateHealthCheck",
    "iam:CreateRole",
    "iam:AttachRolePolicy",
    "sts:AssumeRole",
    "ec2:RunInstances",
    "ec2:StartInstances",
    "autoscaling:UpdateAutoScalingGroup",
    "autoscaling:SetDesiredCapacity",
    "eks:CreateNodegroup",
    "eks:UpdateNodegroupConfig",
    "elasticloadbalancing:CreateLoadBalancer",
    "elasticloadbalancing:ModifyListener",
    "s3:CreateBucket",
    "s3:PutBucketPolicy",
    "kms:CreateKey",
    "dynamodb:UpdateTable",
    "cloudfront:UpdateDistribution",
    "globalaccelerator:UpdateEndpointGroup",
)
HARMLESS = (
    "s3:PutObject",
    "s3:DeleteObject",
    "sts:regional/AssumeRole",
    "dynamodb:PutItem",
    "route53-recovery-cluster:UpdateRoutingControlStates",
    "kms:Decrypt",
)
UNKNOWN = ("s3:MakeItSo", "newservice:Do", "s3", "", "S3:PutObject", "s3:putobject")


def _judged(plan: Plan) -> dict[str, Word]:
    return {r.guard: r.outcome.word for r in lint(plan, facts_at(1.0))}


def test_there_are_twenty_seeds() -> None:
    assert len(set(SEEDED)) == 20


@pytest.mark.parametrize("call", [*SEEDED, *UNKNOWN])
def test_a_recovery_plan_with_a_call_that_is_not_of_a_data_plane_is_found(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(find("verify_traffic", 1)), "calls", lambda self, args: (call,))
    plan = failover.plan(facts_at(1.0), "eu-west-1", "test")
    (found,) = [r for r in lint(plan, facts_at(1.0)) if r.guard == "no_control_plane"]
    assert found.outcome.word is Word.FAILED
    assert found.outcome.evidence[0].startswith(f"verify calls {call}: ")
    assert _judged(replace(plan, recovery=False))["no_control_plane"] is Word.PASSED


@pytest.mark.parametrize("call", HARMLESS)
def test_a_call_of_a_data_plane_is_none_to_worry_about(call: str) -> None:
    assert problem_of(call) == ""


def test_the_list_names_a_place_and_a_source_for_every_service() -> None:
    for name, service in services().items():
        assert service["where"], name
        assert service["data_plane"] or service["control_plane"], name
        assert set(service) == {"where", "source", "data_plane", "control_plane"}, name


def test_what_is_in_both_lists_is_there_on_purpose() -> None:
    """Only a pattern that takes all the rest may overlap."""
    for name, service in services().items():
        both = set(service["data_plane"]) & set(service["control_plane"])
        assert not both, name


def test_a_change_that_cannot_be_taken_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(find("switch_region_off", 1)), "reversible", False)
    plan = failover.plan(facts_at(1.0), "eu-west-1", "test")
    assert _judged(plan)["undo_exists"] is Word.FAILED


def test_a_step_without_a_timeout_is_found() -> None:
    plan = failover.plan(facts_at(1.0), "eu-west-1", "test")
    steps = tuple(replace(step, timeout=0.0) for step in plan.steps)
    assert _judged(replace(plan, steps=steps))["steps_bounded"] is Word.FAILED


def test_traffic_that_nobody_looks_at_afterwards_is_found() -> None:
    plan = failover.plan(facts_at(1.0), "eu-west-1", "test")
    bare = replace(plan, steps=tuple(s for s in plan.steps if s.id != "verify"))
    before = Step("verify", Operation("wait_steady", {}))
    assert _judged(plan)["traffic_verified"] is Word.PASSED
    assert _judged(bare)["traffic_verified"] is Word.FAILED
    assert _judged(replace(bare, steps=(before, *bare.steps)))["traffic_verified"] is Word.FAILED


def test_an_unknown_operation_is_a_finding_and_no_traceback() -> None:
    plan = Plan("x", "x", "lab", (Step("a", Operation("no_such_thing")),))
    judged = _judged(plan)
    assert judged["version_skew"] is Word.FAILED
    assert judged["undo_exists"] is Word.ERRORED


def test_all_that_is_shipped_passes_on_a_supposed_day() -> None:
    facts = supposed_facts(PLATFORM)
    for module in (failover, restore, drill):
        for plan in module.samples(facts):
            bad = [r for r in lint(plan, facts) if r.outcome.word is not Word.PASSED]
            assert not bad, (plan.summary, bad)


@pytest.mark.parametrize(("kind", "version"), kinds())
def test_the_calls_that_operations_declare_are_known(kind: str, version: int) -> None:
    """What needs arguments is asked without: an operation's calls rarely depend on them."""
    handler = find(kind, version)
    try:
        calls = handler.calls({})
    except KeyError:
        pytest.skip("its calls depend on its arguments")
    for call in calls:
        assert call.partition(":")[0] in services(), call
