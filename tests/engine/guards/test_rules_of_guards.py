"""Where each guard's rule begins and ends, and how judgements become a refusal."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from guarded_plans import (
    AP,
    REGION,
    RIGHT,
    US,
    WAIT,
    answering,
    chain,
    changed,
    failing_over,
    guarded,
    scaling,
    switching_off,
)
from toy_facts import facts_at

from infctl.content.facts import Facts
from infctl.engine import guards
from infctl.engine.handler import Permission
from infctl.engine.operations import find
from infctl.errors import Exit, Refused, Unreachable
from infctl.model.measured import Measured
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import GuardResult, Operation, Step
from infctl.model.snapshot import Replicas
from infctl.runbooks import restore


def _zone_of_two(**healthy: "bool | None") -> Facts:
    """A zone of two regions, one of which leaves; what the other one's checks say is given."""
    facts = answering(guarded(bound_zones=("eu",)), **healthy)
    regions = tuple(
        r.model_copy(update={"residency": "eu"}) if r.name in (REGION, US) else r
        for r in facts.platform.regions
    )
    return replace(facts, platform=facts.platform.model_copy(update={"regions": regions}))


@pytest.mark.parametrize(
    ("healthy", "word"), [(True, Word.PASSED), (False, Word.FAILED), (None, Word.ERRORED)]
)
def test_a_zones_other_region_takes_over_only_where_it_is_known_to_be_on(
    healthy: bool | None, word: Word
) -> None:
    outcome = guards.residency(failing_over(), _zone_of_two(us_east_1=healthy))
    assert outcome.word is word
    if healthy is not True:
        assert outcome.evidence == ("no region of zone eu would be on: its traffic would leave it",)


def test_what_was_true_once_and_is_not_known_now_does_not_count_for_a_zone() -> None:
    facts = changed(_zone_of_two(), US, dns_healthy=Measured(True, 0.0, "test", "of yesterday"))
    assert guards.residency(failing_over(), facts).word is Word.ERRORED
    least = guarded(min_regions_on=2)
    stale = changed(least, US, dns_healthy=Measured(True, 0.0, "test", "of yesterday"))
    assert guards.regions_on(failing_over(), stale).word is Word.ERRORED


LEAVES = [
    (Operation("switch_region_off", {"region": REGION}), (REGION,)),
    (Operation("inject_fault", {"target": f"region/{REGION}"}), (REGION,)),
    (Operation("inject_fault", {"target": "pod/a/b"}), ()),
    (Operation("inject_fault", {"fault_kind": "slow", "target": f"region/{REGION}"}), (REGION,)),
    (Operation("inject_fault", {"fault_kind": "refuse", "target": f"edge/{REGION}"}), (REGION,)),
    (
        Operation("inject_fault", {"fault_kind": "lossy", "target": f"edge/{REGION}/gateway"}),
        (REGION,),
    ),
    (Operation("inject_fault", {"fault_kind": "refuse", "target": f"edge/{REGION}/api"}), ()),
    (Operation("inject_fault", {"fault_kind": "refuse", "target": f"path/{REGION}/b"}), ()),
    (Operation("inject_fault", {"fault_kind": "overload", "target": f"region/{REGION}"}), ()),
    (Operation("set_region_weight", {"region": REGION, "weight": 0}), (REGION,)),
    (Operation("set_region_weight", {"region": REGION, "weight": 1}), ()),
    (Operation("set_region_weight", {"region": REGION}), ()),
    (Operation("scale_deployment", {"region": REGION, "weight": 0}), ()),
]


@pytest.mark.parametrize(("operation", "regions"), LEAVES)
def test_a_region_leaves_by_its_switch_its_loss_or_a_weight_of_nothing(
    operation: Operation, regions: tuple[str, ...]
) -> None:
    twice = chain(Step("a", operation), Step("b", operation))
    assert guards.leaving(twice) == regions


def test_a_plan_restores_only_where_all_that_it_changes_gives_back() -> None:
    back = Step("on", Operation("switch_region_on", {"region": REGION}))
    heal = Step("heal", Operation("heal_fault", {}))
    wait = Step("wait", WAIT)
    assert guards.is_restoring(chain(back, heal, wait))
    assert guards.is_restoring(chain(heal))
    assert not guards.is_restoring(chain(back, scaling(US, 3)))
    assert not guards.is_restoring(chain(wait))
    assert guards.is_restoring(restore.plan(facts_at(1.0), REGION, ""))


def test_capacity_counts_what_the_first_scaling_of_a_region_leaves_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[dict[str, int]] = []

    def keep(rate: float, shares: object, pods: dict[str, int], each: float) -> dict[str, float]:
        del shares, each
        seen.append(pods)
        return {US: 0.5, AP: 0.25 if rate else 0.0}

    monkeypatch.setattr(sys.modules[guards.capacity.__module__], "utilisation", keep)
    steps = (
        scaling(US, 5, min_percent=50.0),
        scaling(US, 2),
        scaling(AP, 7),
        switching_off(REGION),
    )
    facts = changed(facts_at(9.0), AP, replicas=Measured(Replicas(1, 4), 0.0, "test"))
    outcome = guards.capacity(chain(*steps), facts)
    assert seen == [{REGION: 2, US: 3, AP: 7}]
    bound = facts.platform.guards.max_utilisation
    assert outcome == Outcome(
        Word.PASSED, (f"27 requests/s: {US} 50% busy, {AP} 25% busy; bound {bound:.0%}",)
    )


@pytest.mark.parametrize(
    ("busy", "word"),
    [({US: 0.7}, Word.PASSED), ({US: 0.71}, Word.FAILED), ({}, Word.FAILED)],
)
def test_capacity_holds_up_to_the_bound_and_not_where_nobody_takes_over(
    busy: dict[str, float], word: Word, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[guards.capacity.__module__]
    monkeypatch.setattr(module, "utilisation", lambda *_: busy)
    outcome = guards.capacity(failing_over(), guarded(max_utilisation=0.7))
    assert outcome.word is word
    assert ": ;" not in outcome.evidence[0]


def test_capacity_says_of_who_has_no_pod_that_it_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules[guards.capacity.__module__]
    monkeypatch.setattr(module, "utilisation", lambda *_: {US: float("inf"), AP: 0.5})
    outcome = guards.capacity(failing_over(), guarded(max_utilisation=0.7))
    assert outcome.word is Word.FAILED
    assert f"{US} has no pod, {AP} 50% busy; bound 70%" in outcome.evidence[0]


def test_the_load_that_a_plan_brings_is_added_to_what_is_there() -> None:
    said = [
        guards.capacity(failing_over(parameters=parameters), facts_at(9.0)).evidence[0]
        for parameters in ({}, {"rate": 10.0})
    ]
    assert [s.partition(" ")[0] for s in said] == ["27", "37"]


def _needing(monkeypatch: pytest.MonkeyPatch, *rights: Permission) -> None:
    handler = find("switch_region_off", 1)
    monkeypatch.setattr(type(handler), "permissions", lambda self, args: rights)


def test_rights_are_named_by_verb_object_and_region(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = replace(RIGHT, region=AP, subresource="")
    _needing(monkeypatch, RIGHT, plain)
    unasked = guards.permissions(failing_over(), replace(facts_at(1.0), rights=None))
    assert unasked == Outcome(Word.ERRORED, ("the API servers were not asked",))
    missing = guards.permissions(failing_over(), replace(facts_at(1.0), rights={RIGHT: "no: why"}))
    assert missing == Outcome(
        Word.FAILED, ("no: why", f"patch Deployment in {AP} was not asked for")
    )
    nothing = guards.permissions(failing_over(), replace(facts_at(1.0), rights={plain: ""}))
    assert nothing.evidence == (f"patch Deployment/scale in {US} was not asked for",)
    granted = guards.permissions(
        failing_over(), replace(facts_at(1.0), rights={RIGHT: "", plain: ""})
    )
    assert granted == Outcome(Word.PASSED, (f"2 rights in {US}, {AP}",))


def test_calls_of_the_control_plane_are_named_with_their_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = sys.modules[guards.no_control_plane.__module__]
    monkeypatch.setattr(module, "problem_of", lambda call: f"{call}!" if call == "bad" else "")
    handler = find("wait_steady", 1)
    monkeypatch.setattr(type(handler), "calls", lambda self, args: ("fine", "bad"))
    plan = replace(chain(Step("a", WAIT)), recovery=True)
    outcome = guards.no_control_plane(plan, facts_at(1.0))
    assert outcome == Outcome(Word.FAILED, ("a calls bad: bad!",))
    monkeypatch.setattr(type(handler), "control_plane", True)
    both = guards.no_control_plane(plan, facts_at(1.0))
    assert both.evidence == ("needs a control plane: a", "a calls bad: bad!")


@pytest.mark.parametrize("way", ["reversible", "heals", "renews", ""])
def test_a_change_has_an_undo_or_heals_or_renews(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = type(find("scale_deployment", 1))
    monkeypatch.setattr(handler, "reverses", lambda self, args: way == "reversible")
    for other in ("heals", "renews"):
        monkeypatch.setattr(handler, other, way == other)
    outcome = guards.undo_exists(chain(scaling(US, 3)), facts_at(1.0))
    if way:
        assert outcome.word is Word.PASSED
    else:
        assert outcome == Outcome(Word.FAILED, (f"scale-{US}-3 cannot be taken back",))
    monkeypatch.setattr(handler, "changes", False)
    assert guards.undo_exists(chain(scaling(US, 3)), facts_at(1.0)).word is Word.PASSED


def _result(guard: str, word: Word, *evidence: str) -> GuardResult:
    return GuardResult(guard, Outcome(word, evidence))


@pytest.mark.parametrize(
    ("guard", "hint"),
    [("freeze", "infctl freeze --status"), ("capacity", "infctl status; infctl runs list")],
)
def test_a_refusal_names_each_guard_and_the_next_command(guard: str, hint: str) -> None:
    results = (
        _result("undo_exists", Word.PASSED, "fine"),
        _result(guard, Word.FAILED, "one", "two"),
        _result("residency", Word.ERRORED, "three"),
    )
    with pytest.raises(Refused) as caught:
        guards.refuse(results)
    assert caught.value.what == f"refused by {guard}: one, two; residency: three"
    assert caught.value.unchanged == "nothing was changed"
    assert caught.value.hint == hint
    assert caught.value.exit_code is Exit.REFUSED


def test_only_what_stood_in_the_way_and_may_be_overridden_is_said_to_be() -> None:
    results = (
        _result("undo_exists", Word.PASSED, "fine"),
        _result("capacity", Word.FAILED, "one", "two"),
        _result("freeze", Word.FAILED, "frozen"),
        _result("residency", Word.ERRORED, "three"),
    )
    named = frozenset({"undo_exists", "capacity", "freeze"})
    said = guards.overrides(results, named, "fire")
    assert said == ["guard capacity (one, two) was overridden: fire"]
    with pytest.raises(Refused, match=r"^refused by freeze: frozen; residency: three"):
        guards.refuse(results, named)


def test_a_freeze_that_nobody_can_be_asked_for_is_overridden_and_one_in_force_never_is() -> None:
    named = frozenset({"freeze"})
    unknown = (_result("freeze", Word.INCONCLUSIVE, "no cluster says"),)
    guards.refuse(unknown, named)
    assert guards.overrides(unknown, named, "fire") == [
        "guard freeze (no cluster says) was overridden: fire"
    ]
    for word in (Word.FAILED, Word.ERRORED):
        with pytest.raises(Refused, match="refused by freeze"):
            guards.refuse((_result("freeze", word, "frozen"),), named)
        assert guards.overrides((_result("freeze", word, "frozen"),), named, "fire") == []


@pytest.mark.parametrize(
    ("error", "evidence"),
    [
        (ZeroDivisionError(), "the guard itself failed: ZeroDivisionError"),
        (Unreachable("no answer from it"), "no answer from it"),
    ],
)
def test_a_guard_that_cannot_judge_says_why_in_its_place(
    error: Exception, evidence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def broken(*given: object) -> Outcome:
        asked.extend(given)
        raise error

    monkeypatch.setitem(guards.GUARDS, "residency", broken)
    plan, facts = failing_over(), facts_at(1.0)
    results = guards.evaluate(plan, facts)
    assert [r.guard for r in results] == list(guards.GUARDS)
    found = {r.guard: r.outcome for r in results}
    assert found["residency"] == Outcome(Word.ERRORED, (evidence,))
    assert asked == [plan, facts]
