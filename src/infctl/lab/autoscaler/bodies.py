"""Reads an answer's whole body, but no more than a bound."""

import aiohttp


async def read_body(answer: aiohttp.ClientResponse, largest: int) -> bytes:
    """The body; ClientPayloadError where it is larger than so many bytes."""
    found = bytearray()
    async for chunk in answer.content.iter_any():
        found += chunk
        if len(found) > largest:
            raise aiohttp.ClientPayloadError(f"more than {largest} bytes")
    return bytes(found)
