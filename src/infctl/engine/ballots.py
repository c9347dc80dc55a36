"""What `infctl approve` does: finds the requests that wait, and writes somebody's decision."""

from collections.abc import Mapping
from dataclasses import dataclass

from infctl.engine.approvals import DECISION, LABEL, REQUEST, created
from infctl.engine.config_maps import texts_of
from infctl.engine.identity import whoami
from infctl.engine.reachable import Answers, ask_each
from infctl.engine.requests import decision, decision_name, plan_of
from infctl.errors import Conflict, InfctlError, Refused, UsageError
from infctl.model.fence import SYSTEM
from infctl.model.plan import Plan
from infctl.model.text import clean
from infctl.ports.cluster import CONFIG_MAP, Cluster, Object
from infctl.ports.world import World


@dataclass(frozen=True, slots=True)
class Ballot:
    """A step that asks for approval, as the regions' clusters hold it.

    `plan` is None where the plan that is shown is not the one that its digest names. `regions` are
    the requests by region; `decided` says who decided what.
    """

    run: str
    step: str
    by: str
    text: str
    needed: int
    asked: float
    expires: float
    digest: str
    plan: Plan | None
    regions: Mapping[str, Object]
    decided: Mapping[str, str]

    def left(self, now: float) -> float:
        """Seconds until it expires; negative afterwards."""
        return self.asked + self.expires - now


async def find_ballots(world: World) -> tuple[list[Ballot], dict[str, str]]:
    """Every request of every region that answers, the newest first, and why regions are silent."""
    held = await ask_each(world, world.clusters, _read)
    held.require_one()
    grouped: dict[tuple[str, ...], dict[str, Object]] = {}
    for region, (asked, _) in held.found.items():
        for found in asked:
            texts = texts_of(found)
            # Requests that differ are shown apart: nobody decides about two at once.
            same = tuple(texts.get(k, "") for k in ("run", "step", "plan", "by", "needed"))
            grouped.setdefault(same, {})[region] = found
    decided = _decided(held)
    ballots = [_ballot(regions, decided) for regions in grouped.values()]
    return sorted(ballots, key=lambda b: b.asked, reverse=True), held.silent


def choose(ballots: list[Ballot], run: str, step: str, now: float) -> Ballot:
    """The one request of that run (or its id's beginning) that still waits."""
    waiting = [
        b
        for b in ballots
        if b.run.casefold().startswith(run.casefold())
        and run
        and step in ("", b.step)
        and b.left(now) > 0
    ]
    if len(waiting) == 1:
        return waiting[0]
    shown = ", ".join(f"{b.run} {b.step} by {b.by}" for b in waiting[:4]) or "none"
    raise UsageError(
        f"{len(waiting)} requests of run {clean(run, limit=80)} wait: {clean(shown)}",
        hint="infctl approve --list; name one with --step",
    )


async def decide(world: World, ballot: Ballot, *, is_deny: bool, reason: str) -> Answers[str]:
    """Write a decision in every cluster that holds the request; as whom, by region."""
    if ballot.plan is None and not is_deny:
        raise Refused(
            f"the plan shown for run {ballot.run} is not the one that would run",
            unchanged="nothing was approved",
            hint=f"infctl approve {ballot.run} --deny --reason 'not the plan'",
        )

    async def write(cluster: Cluster) -> str:
        asked = ballot.regions[cluster.region]
        by = await whoami(cluster)
        wanted = decision(asked, by, is_deny=is_deny, reason=reason)
        try:
            await cluster.create(wanted)
        except Conflict:
            await _change(cluster, wanted, asked)
        return by

    written = await ask_each(world, ballot.regions, write)
    if not written.found:
        raise InfctlError("; ".join(written.silent.values()), unchanged="nothing was decided")
    return written


async def _change(cluster: Cluster, wanted: Object, asked: Object) -> None:
    """Deciding twice is deciding once; whoever approved may still deny, nobody the other way."""
    name, texts = wanted["metadata"]["name"], wanted["data"]
    found = await cluster.read(CONFIG_MAP, name, SYSTEM)
    before = texts_of(found or {})
    same = ("request", "plan", "decision", "by")
    if all(before.get(k) == texts[k] for k in same):
        return
    if texts["decision"] == "approve" and before.get("request") == texts["request"]:
        raise Refused(
            f"{cluster.region}: you decided otherwise before: {clean(before.get('decision', ''))}",
            unchanged="that stands",
        )
    again = decision_name(texts["run"], texts["step"], f"{texts['by']}\n{texts['request']}")
    more = decision(
        asked,
        texts["by"],
        is_deny=texts["decision"] == "deny",
        reason=texts["reason"],
        name=again,
    )
    try:
        await cluster.create(more)
    except Conflict:
        return


async def _read(cluster: Cluster) -> tuple[list[Object], list[Object]]:
    asked = await cluster.list(CONFIG_MAP, SYSTEM, f"{LABEL}={REQUEST}")
    return asked, await cluster.list(CONFIG_MAP, SYSTEM, f"{LABEL}={DECISION}")


def _decided(held: Answers[tuple[list[Object], list[Object]]]) -> dict[str, dict[str, str]]:
    """Who decided what, by the request's uid."""
    found: dict[str, dict[str, str]] = {}
    for _, decisions in held.found.values():
        for one in decisions:
            texts = texts_of(one)
            there = found.setdefault(texts.get("request", ""), {})
            if there.get(texts.get("by", "")) != "deny":
                there[texts.get("by", "")] = texts.get("decision", "")
    return found


def _ballot(regions: Mapping[str, Object], decided: Mapping[str, dict[str, str]]) -> Ballot:
    asked = next(iter(regions.values()))
    texts = texts_of(asked)
    moments = [m for o in regions.values() if (m := created(o["metadata"])) is not None]
    votes: dict[str, str] = {}
    for one in regions.values():
        votes |= decided.get(str(one["metadata"].get("uid")), {})
    return Ballot(
        run=texts.get("run", ""),
        step=texts.get("step", ""),
        by=texts.get("by", ""),
        text=texts.get("text", ""),
        needed=_whole(texts.get("needed", "")),
        asked=min(moments, default=0.0),
        expires=float(_whole(texts.get("expires", ""))),
        digest=texts.get("plan", ""),
        plan=plan_of(asked),
        regions=dict(regions),
        decided=votes,
    )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
