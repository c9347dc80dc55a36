"""An issuer for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from running_issuer import Running, run_issuer


@pytest_asyncio.fixture
async def issuing(tmp_path: Path) -> AsyncIterator[Running]:
    """A lab's issuer over HTTP, on a clock that the test turns."""
    async with run_issuer(tmp_path) as running:
        yield running
