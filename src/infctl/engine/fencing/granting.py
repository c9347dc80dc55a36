"""Tells a cluster of a newer fence, and sees that it refuses the one before.

The policy learns of a fence through a watch, so that only a refusal proves that it is in force.
"""

import asyncio
from dataclasses import dataclass

from infctl.errors import Conflict, CredentialsError, InfctlError, LeaseLost, Refused, Unreachable
from infctl.model import fence
from infctl.ports.clock import Clock
from infctl.ports.cluster import CONFIG_MAP, Cluster, Object

PROOF_SECONDS = 2.0
_PAUSE = 0.02
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Granting:
    """What came of it: empty `problem` where older fences are refused now.

    `is_final` says whether asking again would not help.
    """

    problem: str = ""
    is_final: bool = True


async def grant(cluster: Cluster, number: int, clock: Clock) -> Granting:
    """Raise the cluster's fence to `number` within the deadline; LeaseLost where it is newer."""
    deadline = clock.boottime() + PROOF_SECONDS
    try:
        async with asyncio.timeout(PROOF_SECONDS):
            if not await _raise(cluster, number):
                return Granting("has no fence; `infctl deploy apply` brings it")
            return await _prove(cluster, number, clock, deadline)
    except LeaseLost:
        raise
    except TimeoutError:
        return Granting(_late(), is_final=False)
    except Unreachable:
        return Granting("did not answer when its fence was to be raised", is_final=False)
    except CredentialsError:
        return Granting("does not let us raise its fence")
    except InfctlError as error:
        return Granting(f"did not take the fence: {error.what}")


def overtaken(region: str, ours: int, newest: int) -> LeaseLost:
    """What a holder is told whose fence is not the newest."""
    return LeaseLost(
        f"{region} granted fence {newest} to another holder, ours is {ours}",
        unchanged="nothing more is changed",
        hint="infctl locks list",
    )


async def _raise(cluster: Cluster, number: int) -> bool:
    """Whether the cluster keeps the number now; not where it keeps none at all."""
    for _ in range(_ATTEMPTS):
        found = await cluster.read(CONFIG_MAP, fence.CONFIG_MAP_NAME, fence.SYSTEM)
        if found is None:
            return False
        newest = fence.granted(found)
        if newest == number:
            return True
        if number < newest < fence.NEWEST:
            raise overtaken(cluster.region, number, newest)
        held = {"resourceVersion": found["metadata"]["resourceVersion"]}
        patch = {"metadata": held, "data": {fence.KEY: str(number)}}
        try:
            await cluster.merge(CONFIG_MAP, fence.CONFIG_MAP_NAME, fence.SYSTEM, patch)
        except Conflict:
            continue
        return True
    raise InfctlError("others write it all the time")


async def _prove(cluster: Cluster, number: int, clock: Clock, deadline: float) -> Granting:
    """See a dry run with the number before refused."""
    while clock.boottime() < deadline:
        try:
            await cluster.create(_proof(number - 1), dry_run=True)
        except Refused as refusal:
            if is_of_the_fence(refusal):
                return Granting()
            raise
        await clock.sleep(_PAUSE)
    return Granting(_late())


def is_of_the_fence(refusal: Refused) -> bool:
    """Whether the fence's policy refused, and not a budget or another policy."""
    return f"ValidatingAdmissionPolicy '{fence.POLICY_NAME}'" in refusal.what


def _late() -> str:
    return f"did not refuse an older fence within {PROOF_SECONDS:g} s"


def _proof(number: int) -> Object:
    annotations = {fence.FENCE: str(number)}
    metadata = {"name": fence.PROOF_NAME, "namespace": fence.SYSTEM, "annotations": annotations}
    return {"apiVersion": CONFIG_MAP.api_version, "kind": CONFIG_MAP.kind, "metadata": metadata}
