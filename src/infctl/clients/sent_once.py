"""Keeps aiohttp from sending a write again by itself.

It does so for PUT and DELETE where a connection ends without an answer; but the server may have
carried the first one out, and whoever lost an answer has to look before anything is sent again.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

_READS = ("GET", "HEAD")


async def sent_once(request: "ClientRequest", handler: "ClientHandlerType") -> "ClientResponse":
    """A middleware: a write whose connection ended raises an error that is not tried again."""
    from aiohttp import ClientConnectionError, ClientOSError, ServerDisconnectedError

    try:
        return await handler(request)
    except (ClientOSError, ServerDisconnectedError) as error:
        if request.method in _READS:
            raise
        raise ClientConnectionError(type(error).__name__) from error
