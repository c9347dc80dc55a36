"""What a pod wants to have done before its containers are told to end."""

import asyncio

import aiohttp

from infctl.lab.agent.facts import Object
from infctl.lab.agent.probing import Executor, Probes


async def run_hook(
    action: Object,
    *,
    container: Object,
    address: str,
    session: aiohttp.ClientSession,
    execute: Executor,
    timeout: float,
) -> str:
    """Run a hook within `timeout` seconds; "" if it went well, else why not."""
    if "sleep" in action:
        await asyncio.sleep(min(action["sleep"].get("seconds", 0), timeout))
        return ""
    probes = Probes(container, address, session, execute=execute, report=lambda *_: None)
    return await probes.ask({**action, "timeoutSeconds": timeout})
